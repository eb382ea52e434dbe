package search

import (
	"bytes"
	"context"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// search is what is tested: the repaired one, or the one with a planted leak.
var search = First

func init() {
	if os.Getenv("PLANTED") == "leak" {
		search = Leaky
	}
}

// #region after
func after(ms time.Duration, answer string) Ask {
	return func(ctx context.Context) (string, error) {
		select {
		case <-time.After(ms * time.Millisecond):
			return answer, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// #endregion

// #region synctest
func TestTheFirstAnswerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer, err := search(context.Background(),
			after(30, "a"), after(10, "b"), after(20, "c"))
		if answer != "b" || err != nil {
			t.Errorf("got %q, %v", answer, err)
		}
	})
}

// #endregion

func TestContextOfTheTestHidesTheLeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _ = search(t.Context(), after(30, "a"), after(10, "b"))
	})
}

// #region count
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	_, _ = search(context.Background(),
		after(30, "a"), after(10, "b"), after(20, "c"))
	for range 100 { // those that end need a moment for it
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	var profile bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
	t.Errorf("%d goroutines before, %d after\n%s",
		before, runtime.NumGoroutine(), &profile)
}

// #endregion

// #region leaked
func TestNoneIsLeaked(t *testing.T) {
	_, _ = search(context.Background(),
		after(30, "a"), after(10, "b"), after(20, "c"))
	time.Sleep(50 * time.Millisecond) // the losers are blocked by now
	var profile bytes.Buffer
	leaked := pprof.Lookup("goroutineleak")
	if leaked == nil {
		t.Skip("needs Go 1.27")
	}
	_ = leaked.WriteTo(&profile, 1) // collects garbage to find them
	if leaked.Count() > 0 {
		t.Errorf("%d leaked\n%s", leaked.Count(), &profile)
	}
}

// #endregion

var letters = make(chan string)

func TestTheProfileMissesWhatCanStillEnd(t *testing.T) {
	go func() { <-letters }()
	go func() { time.Sleep(time.Hour) }()
	time.Sleep(10 * time.Millisecond)
	var all, leaked bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&all, 1)
	if profile := pprof.Lookup("goroutineleak"); profile != nil {
		_ = profile.WriteTo(&leaked, 1)
	}
	for _, name := range []string{"CanStillEnd.func1", "CanStillEnd.func2"} {
		if !strings.Contains(all.String(), name) ||
			strings.Contains(leaked.String(), name) {
			t.Errorf("%s\nand of these\n%s", &all, &leaked)
		}
	}
}
