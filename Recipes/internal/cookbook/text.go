package cookbook

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Display returns text with each byte that is not part of valid UTF-8 as
// \xNN. JSON cannot hold such bytes, and the replacement character that
// encoding/json writes for them would make different words look equal.
func Display(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var shown strings.Builder
	for len(text) > 0 {
		r, width := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && width == 1 {
			fmt.Fprintf(&shown, `\x%02x`, text[0])
		} else {
			shown.WriteString(text[:width])
		}
		text = text[width:]
	}
	return shown.String()
}

// Reason returns the operating system's error inside err, without the
// operation and the path that package os puts before it, or err itself.
func Reason(err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return errno
	}
	return err
}

// Unknown says that a name is not known, and which known one is nearest.
func Unknown(what, name string, known []string) error {
	message := fmt.Sprintf("unknown %s %q", what, name)
	if nearest, ok := Nearest(name, known); ok {
		message += fmt.Sprintf(" (did you mean %q?)", nearest)
	}
	return errors.New(message)
}

// Nearest returns the candidate with the fewest edits from name, if that
// is close enough to be a slip of the pen.
func Nearest(name string, candidates []string) (string, bool) {
	most := max(1, len(name)/3)
	best, found := "", false
	for _, candidate := range candidates {
		if d := distance(name, candidate); d <= most {
			best, most, found = candidate, d-1, true
		}
	}
	return best, found
}

// distance is the Levenshtein distance in bytes, by the algorithm of
// Wagner and Fischer with one row.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
