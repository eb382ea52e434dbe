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
				if yield(0) {
					t.Error("read on after the cancellation")
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

func TestAPanicLeavesNobodyBehind(t *testing.T) {
	same := func(_ context.Context, i int) (int, error) { return i, nil }
	for _, call := range []func(context.Context){
		func(ctx context.Context) {
			_ = Unordered(ctx, 3, slices.Values([]int{0, 1, 2, 3}), same,
				func(int) error {
					synctest.Wait() // until every worker has a result
					panic("receiver")
				})
		},
		func(ctx context.Context) {
			inputs := func(yield func(int) bool) { panic("inputs") }
			_, _ = Map(ctx, 3, inputs, same)
		},
	} {
		// synctest.Test itself fails when a goroutine stays blocked.
		synctest.Test(t, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			call(context.Background())
		})
	}
}
