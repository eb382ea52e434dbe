package boundedpool

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

func TestCancellationStartsNothingMore(t *testing.T) {
	reason := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var started atomic.Int32
		time.AfterFunc(2500*time.Millisecond, func() { cancel(reason) })
		err := ForEach(ctx, 2, forever,
			func(context.Context, int) error {
				started.Add(1)
				time.Sleep(time.Second) // deaf to cancellation
				return nil
			})
		if err != reason {
			t.Errorf("error %v, want %v", err, reason)
		}
		if started.Load() != 6 {
			t.Errorf("%d started, want 6", started.Load())
		}
	})
}

func TestNothingStartsAfterCancellationOfAnIdlePool(t *testing.T) {
	// Many times: handing out a job and seeing the cancellation are both
	// possible here, and a select chooses at random.
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			inputs := func(yield func(int) bool) {
				synctest.Wait() // until the workers wait for jobs
				cancel()
				for yield(0) {
				}
			}
			err := ForEach(ctx, 4, inputs,
				func(context.Context, int) error {
					t.Error("a job was started")
					return nil
				})
			if err != context.Canceled {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestResultsFromBeforeTheErrorAreReceived(t *testing.T) {
	for range 100 { // for the same reason
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			var got []int
			err := Unordered(t.Context(), 3, upTo(3),
				func(_ context.Context, i int) (int, error) {
					time.Sleep(time.Duration(i) * time.Second)
					if i == 2 {
						return 0, broken
					}
					return i, nil
				},
				func(i int) {
					got = append(got, i)
					time.Sleep(time.Minute)
				})
			want := []int{0, 1}
			if err != broken || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v, %v", got, err, want, broken)
			}
		})
	}
}

func TestInputsAreTakenAtMostOneAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var taken atomic.Int32
		inputs := func(yield func(int32) bool) {
			for yield(taken.Add(1)) {
			}
		}
		err := ForEach(ctx, 1, inputs,
			func(_ context.Context, started int32) error {
				// Every other goroutine is blocked when this ends.
				time.Sleep(time.Second)
				if taken := taken.Load(); taken > started+1 {
					t.Errorf("%d taken, %d started", taken, started)
				}
				if started == 20 {
					cancel()
				}
				return nil
			})
		if err != context.Canceled {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}

func TestSlowReceiverHoldsTheWorkersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		var finished atomic.Int32
		received := 0
		err := Unordered(t.Context(), workers, upTo(20),
			func(context.Context, int) (int, error) {
				finished.Add(1)
				return 0, nil
			},
			func(int) {
				time.Sleep(time.Second)
				received++
				// Those received, and one in the hand of each worker.
				ahead := int(finished.Load()) - received
				if ahead > workers {
					t.Errorf("%d results wait", ahead)
				}
			})
		if err != nil || received != 20 {
			t.Errorf("received %d, %v", received, err)
		}
	})
}

func TestPanickingReceiverLeavesNobodyBehind(t *testing.T) {
	// synctest.Test itself fails when a goroutine stays blocked.
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		Unordered(t.Context(), 3, forever,
			func(_ context.Context, i int) (int, error) { return i, nil },
			func(int) {
				synctest.Wait() // until every worker has a result
				panic("receiver")
			})
	})
}
