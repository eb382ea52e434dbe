//go:build !race

// Under the race detector the runtime reports no deadlock, and the process
// would wait for ever.

package once

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// What waits in a lock for ever does so in a process of its own, before
// there is any timer: with one, Go would not call it a deadlock.
func init() {
	if os.Getenv("ONCE_RECURSION") == "1" {
		var once sync.Once
		once.Do(func() { once.Do(func() {}) })
	}
}

func TestRecursionDeadlocks(t *testing.T) {
	again := exec.Command(os.Args[0])
	again.Env = append(os.Environ(), "ONCE_RECURSION=1")
	output, err := again.CombinedOutput()
	if err == nil || !strings.Contains(string(output), "all goroutines are asleep") {
		t.Errorf("%v: %s", err, output)
	}
}
