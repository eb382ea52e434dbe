package once

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("down")

// A run takes 10 ms, or ends with its ctx before; the first one fails.
func check(t *testing.T, test func(*testing.T, *Once[int], func() time.Duration)) {
	synctest.Test(t, func(t *testing.T) {
		runs, begin := 0, time.Now()
		o := New(func(ctx context.Context) (int, error) {
			runs++
			select {
			case <-ctx.Done():
				return 0, ctx.Err()
			case <-time.After(10 * time.Millisecond):
				return runs, map[int]error{1: errDown}[runs]
			}
		})
		test(t, o, func() time.Duration { return time.Since(begin) / 1e6 })
	})
}

func TestErrorIsSharedButNotKept(t *testing.T) {
	check(t, func(t *testing.T, o *Once[int], now func() time.Duration) {
		for round, want := range []error{errDown, nil, nil} {
			results := make(chan error, 3)
			for range 3 {
				go func() { _, err := o.Value(t.Context()); results <- err }()
			}
			for range 3 {
				if err := <-results; err != want || now() > 20 {
					t.Errorf("round %d: %v after %d ms", round, err, now())
				}
			}
		}
	})
}

func TestCancellation(t *testing.T) {
	check(t, func(t *testing.T, o *Once[int], now func() time.Duration) {
		runner, stop := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer stop()
		waiter, leave := context.WithTimeout(t.Context(), 3*time.Millisecond)
		defer leave()
		go o.Value(runner)
		synctest.Wait()
		if _, err := o.Value(waiter); err != waiter.Err() || now() != 3 {
			t.Errorf("a wait ends with %v after %d ms", err, now())
		}
		for _, ctx := range []context.Context{t.Context(), runner} {
			// The first takes over after 5 ms, the second finds the value.
			if value, err := o.Value(ctx); value != 2 || err != nil || now() != 15 {
				t.Errorf("%d, %v after %d ms", value, err, now())
			}
		}
	})
}
