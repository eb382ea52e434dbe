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
	var shown strings.Builder
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd") {
			fmt.Fprintf(&shown, `\x%02x`, text[i])
		} else {
			shown.WriteRune(r)
		}
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
