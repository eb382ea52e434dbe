package contextcancellation

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestErrAfterCancelIsCanceled(t *testing.T) {
	err := WithCancel(t.Context(),
		func(ctx context.Context, cancel context.CancelFunc) error {
			if ctx.Err() != nil {
				t.Errorf("error %v before cancel", ctx.Err())
			}
			cancel()
			if ctx.Err() != context.Canceled {
				t.Errorf("error %v right after cancel", ctx.Err())
			}
			cancel() // changes nothing
			return ctx.Err()
		})
	if err != context.Canceled {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestCancelledParentCancelsItsDescendantsAtOnce(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	child, cancelChild := context.WithTimeout(parent, time.Hour)
	defer cancelChild()
	grandchild := WithRequest(child, "7")
	sibling, cancelSibling := context.WithCancel(t.Context())
	defer cancelSibling()
	cancel()
	for _, ctx := range []context.Context{parent, child, grandchild} {
		if ctx.Err() != context.Canceled {
			t.Errorf("error %v, want %v", ctx.Err(), context.Canceled)
		}
	}
	if sibling.Err() != nil {
		t.Errorf("a sibling is cancelled: %v", sibling.Err())
	}
}

func TestCancelledChildLeavesItsParentAlone(t *testing.T) {
	parent, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := WithCancel(parent,
		func(ctx context.Context, cancel context.CancelFunc) error {
			cancel()
			return ctx.Err()
		})
	if err != context.Canceled || parent.Err() != nil {
		t.Errorf("child %v, parent %v", err, parent.Err())
	}
}

func TestDeadlineCancelsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		err := WithTimeout(t.Context(), time.Second,
			func(ctx context.Context) error {
				return Pause(ctx, time.Minute)
			})
		var own *DeadlineError
		if !errors.As(err, &own) || !own.Deadline.Equal(begin.Add(time.Second)) {
			t.Errorf("error %v", err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v is not %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestOuterDeadlineIsNotTheInnerOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var inner error
		outer := WithTimeout(t.Context(), time.Second,
			func(ctx context.Context) error {
				inner = WithTimeout(ctx, time.Minute,
					func(ctx context.Context) error {
						at, _ := ctx.Deadline()
						if d := at.Sub(begin); d != time.Second {
							t.Errorf("deadline after %v", d)
						}
						return Pause(ctx, time.Hour)
					})
				return inner
			})
		var own *DeadlineError
		if errors.As(inner, &own) || inner != context.DeadlineExceeded {
			t.Errorf("inner error %v", inner)
		}
		if !errors.As(outer, &own) || own.Err != inner {
			t.Errorf("outer error %v", outer)
		}
	})
}

func TestCancellationDuringATimeoutIsNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := WithTimeout(ctx, time.Minute,
			func(ctx context.Context) error {
				return Pause(ctx, time.Hour)
			})
		if err != context.Canceled {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}

func TestPassedDeadlineRunsTheWorkCancelled(t *testing.T) {
	for _, d := range []time.Duration{0, -time.Hour} {
		ran := false
		err := WithTimeout(t.Context(), d,
			func(ctx context.Context) error {
				ran = true
				return Pause(ctx, 0)
			})
		if !ran || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v: ran %v, error %v", d, ran, err)
		}
	}
}

func TestLateResultAndOwnErrorAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		for _, test := range []struct{ returned, want error }{
			{nil, nil}, {broken, broken},
		} {
			err := WithTimeout(t.Context(), time.Second,
				func(ctx context.Context) error {
					<-ctx.Done()
					return test.returned
				})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		}
		err := WithTimeout(t.Context(), time.Second,
			func(context.Context) error { return broken })
		if err != broken {
			t.Errorf("error %v, want %v", err, broken)
		}
	})
}

// Forgotten cancels are seen in what they keep alive: the context that is
// not cancelled keeps the goroutine that waits for it.
func TestReturnEndsWhoeverStillWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		begin := time.Now()
		WithTimeout(t.Context(), time.Hour,
			func(ctx context.Context) error {
				wg.Go(func() { <-ctx.Done() })
				return nil
			})
		wg.Wait()
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}

func TestNearestValueCounts(t *testing.T) {
	if _, ok := Request(t.Context()); ok {
		t.Error("a value from nowhere")
	}
	outer := WithRequest(t.Context(), "outer")
	inner := WithRequest(outer, "inner")
	for ctx, want := range map[context.Context]string{
		outer: "outer", inner: "inner",
	} {
		if got, ok := Request(ctx); got != want || !ok {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAbandonedWorkIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ended := make(chan struct{})
		err := WithTimeout(t.Context(), time.Second,
			func(ctx context.Context) error {
				return Abandoned(ctx, func(context.Context) error {
					defer close(ended)
					time.Sleep(time.Hour) // deaf to cancellation
					return nil
				})
			})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v", took)
		}
		<-ended // it goes on to its end, in the background
	})
}

func BenchmarkTimeoutThatDoesNotFire(b *testing.B) {
	for range b.N {
		WithTimeout(b.Context(), time.Hour,
			func(context.Context) error { return nil })
	}
}

func BenchmarkTimeoutInAGoroutineThatDoesNotFire(b *testing.B) {
	for range b.N {
		WithTimeout(b.Context(), time.Hour,
			func(ctx context.Context) error {
				done := make(chan error, 1)
				go func() { done <- nil }()
				select {
				case err := <-done:
					return err
				case <-ctx.Done():
					return ctx.Err()
				}
			})
	}
}

// cancelTree cancels 100 contexts with 100 goroutines each, and reports
// the time from the cancellation until all have ended.
func cancelTree(b *testing.B, scoped bool) {
	var total time.Duration
	for range b.N {
		ctx, cancel := context.WithCancel(b.Context())
		var ready, ended sync.WaitGroup
		ready.Add(10_000)
		for range 100 {
			inner, cancelInner := context.WithCancel(ctx)
			for range 100 {
				ended.Go(func() {
					leaf := inner
					if scoped {
						var cancelLeaf context.CancelFunc
						leaf, cancelLeaf = context.WithCancel(inner)
						defer cancelLeaf()
					}
					ready.Done()
					<-leaf.Done()
				})
			}
			defer cancelInner()
		}
		ready.Wait()
		begin := time.Now()
		cancel()
		ended.Wait()
		total += time.Since(begin)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N), "µs/tree")
}

func BenchmarkCancelTenThousand(b *testing.B) { cancelTree(b, false) }

func BenchmarkCancelTenThousandScopes(b *testing.B) { cancelTree(b, true) }
