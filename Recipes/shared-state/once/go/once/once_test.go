//go:build !race

// Under the race detector the runtime reports no deadlock, and the process
// of TestRecursionDeadlocks would wait for ever.

package once

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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

// The comparison with Swift, which has no panics, cannot show this.
func TestRunIsHandedOnWhenItPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		o := New(func(context.Context) (int, error) {
			runs++
			time.Sleep(10 * time.Millisecond)
			if runs == 1 {
				panic("no network")
			}
			return runs, nil
		})
		go func() {
			defer func() { _ = recover() }()
			o.Value(t.Context())
		}()
		synctest.Wait()
		if value, err := o.Value(t.Context()); value != 2 || err != nil {
			t.Errorf("%d, %v", value, err)
		}
	})
}
