package errgroup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
)

// pause takes d, or less when ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestFirstErrorIsReturnedWhenAllHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		broken := errors.New("broken")
		var ended atomic.Int32
		err := ForEach(t.Context(), -1, []int{1, 2, 3, 4},
			func(ctx context.Context, i int) error {
				defer ended.Add(1)
				if err := pause(ctx, time.Duration(i)*time.Second); err != nil {
					time.Sleep(time.Minute) // it takes its time to clean up
					return err
				}
				if i == 2 {
					return broken
				}
				return nil
			})
		if err != broken {
			t.Errorf("error %v, want %v", err, broken)
		}
		if ended.Load() != 4 {
			t.Errorf("%d had ended, want 4", ended.Load())
		}
		if took := time.Since(begin); took != 62*time.Second {
			t.Errorf("took %v, want 1m2s", took)
		}
	})
}

func TestNeverMoreThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var running, most atomic.Int32
		err := ForEach(t.Context(), 3, make([]int, 12),
			func(ctx context.Context, _ int) error {
				n := running.Add(1)
				defer running.Add(-1)
				for m := most.Load(); n > m; m = most.Load() {
					most.CompareAndSwap(m, n)
				}
				return pause(ctx, time.Second)
			})
		if err != nil {
			t.Error(err)
		}
		if most.Load() != 3 {
			t.Errorf("%d at once, want 3", most.Load())
		}
		if took := time.Since(begin); took != 4*time.Second {
			t.Errorf("took %v, want 4s", took)
		}
	})
}

func TestNothingStartsAfterTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		var started []int
		err := ForEach(t.Context(), 1, []int{0, 1, 2, 3},
			func(_ context.Context, i int) error {
				started = append(started, i)
				if i == 1 {
					return broken
				}
				return nil
			})
		if want := []int{0, 1}; err != broken || !slices.Equal(started, want) {
			t.Errorf("started %v, %v; want %v, %v", started, err, want, broken)
		}
	})
}

func TestContextIsDoneAfterWait(t *testing.T) {
	group, ctx := errgroup.WithContext(t.Context())
	group.Go(func() error { return nil })
	if err := group.Wait(); err != nil || ctx.Err() != context.Canceled {
		t.Errorf("error %v, context %v", err, ctx.Err())
	}
}

func TestTryGoRefusesExactlyWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var group errgroup.Group
		group.SetLimit(1)
		sleep := func() error { time.Sleep(time.Second); return nil }
		got := []bool{group.TryGo(sleep), group.TryGo(sleep)}
		time.Sleep(time.Second)
		synctest.Wait()
		got = append(got, group.TryGo(sleep))
		group.Wait()
		if want := []bool{true, false, true}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestAllKeepsEveryError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all All
		all.SetLimit(2)
		// No two of them end at the same instant, whose order is free.
		for i, seconds := range []time.Duration{4, 3, 2, 2} {
			all.Go(func() error {
				time.Sleep(seconds * time.Second)
				return fmt.Errorf("error %d", i)
			})
		}
		want := "error 1\nerror 0\nerror 2\nerror 3"
		if err := all.Wait(); err == nil || err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	})
}

func BenchmarkLimit8(b *testing.B) {
	group, _ := errgroup.WithContext(b.Context())
	group.SetLimit(8)
	for range b.N {
		group.Go(func() error { return nil })
	}
	group.Wait()
}
