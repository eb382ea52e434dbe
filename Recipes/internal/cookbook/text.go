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
