package boundedpool

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

func TestNothingStartsAfterCancellation(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			inputs := func(yield func(int) bool) {
				synctest.Wait() // until the workers wait for jobs
				cancel()
				for yield(0) {
				}
			}
			for range 2 { // the second call finds its context done
				err := ForEach(ctx, 4, inputs, func(context.Context, int) error {
					t.Error("a job was started")
					return nil
				})
				if err != context.Canceled {
					t.Errorf("error %v, want %v", err, context.Canceled)
				}
			}
		})
	}
}

func TestPanickingReceiverLeavesNobodyBehind(t *testing.T) {
	// synctest.Test itself fails when a goroutine stays blocked.
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		_ = Unordered(t.Context(), 3, slices.Values([]int{0, 1, 2, 3}),
			func(_ context.Context, i int) (int, error) { return i, nil },
			func(int) error {
				synctest.Wait() // until every worker has a result
				panic("receiver")
			})
	})
}
