package boundedpool

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"concurrencycookbook/internal/cookbook"
)

var enough = errors.New("enough")

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// times runs test in many bubbles: where handing out a job and seeing the
// cancellation are both possible, a select chooses at random.
func times(t *testing.T, test func(t *testing.T)) {
	for range 100 {
		synctest.Test(t, test)
	}
}

func TestNothingStartsAfterCancellationOfAnIdlePool(t *testing.T) {
	times(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		inputs := func(yield func(int) bool) {
			synctest.Wait() // until the workers wait for jobs
			cancel()
			for yield(0) {
			}
		}
		err := ForEach(ctx, 4, inputs, func(context.Context, int) error {
			t.Error("a job was started")
			return nil
		})
		if err != context.Canceled {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}

func TestInputsAreTakenAtMostOneAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var taken atomic.Int32
		inputs := func(yield func(int32) bool) {
			for yield(taken.Add(1)) {
			}
		}
		_ = ForEach(t.Context(), 1, inputs,
			func(_ context.Context, started int32) error {
				// Every other goroutine is blocked when this ends.
				time.Sleep(time.Second)
				if taken := taken.Load(); taken > started+1 {
					t.Errorf("%d taken, %d started", taken, started)
				}
				if started == 20 {
					return enough
				}
				return nil
			})
	})
}

func TestSlowReceiverHoldsTheWorkersBackAndLosesNothing(t *testing.T) {
	times(t, func(t *testing.T) {
		const workers = 3
		var finished atomic.Int32
		var received []int
		err := Unordered(t.Context(), workers, cookbook.UpTo(20),
			func(_ context.Context, i int) (int, error) {
				if i == 10 {
					time.Sleep(time.Hour)
					return 0, enough
				}
				finished.Add(1)
				return i, nil
			},
			func(i int) {
				time.Sleep(time.Second)
				received = append(received, i)
				// Those received, and one in the hand of each worker.
				if ahead := int(finished.Load()) - len(received); ahead > workers {
					t.Errorf("%d results wait", ahead)
				}
			})
		slices.Sort(received)
		want := slices.Collect(cookbook.UpTo(20))
		if err != enough || !slices.Equal(received, slices.Delete(want, 10, 11)) {
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
		_ = Unordered(t.Context(), 3, forever,
			func(_ context.Context, i int) (int, error) { return i, nil },
			func(int) {
				synctest.Wait() // until every worker has a result
				panic("receiver")
			})
	})
}
