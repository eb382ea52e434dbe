package fanoutfanin

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

func TestWorkersStartNothingAfterCancellation(t *testing.T) {
	for round := range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			reason := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			inputs := func(yield func(int) bool) {
				for range 6 {
					yield(0)
				}
				// The workers are busy, and deaf, or wait for more.
				time.Sleep(time.Duration(500+round%2*1000) * time.Millisecond)
				cancel(reason)
				if yield(0) {
					t.Error("read on after the cancellation")
				}
			}
			var started atomic.Int32
			var problem error
			for _, err := range FanOut(ctx, 2, 0, inputs,
				func(context.Context, int) (int, error) {
					started.Add(1)
					time.Sleep(time.Second)
					return 0, nil
				}) {
				problem = err
			}
			if problem != reason || started.Load() != 6 {
				t.Errorf("%v, %d started, want 6", problem, started.Load())
			}
		})
	}
}

func TestNothingIsSentAfterCancellation(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	cancel(reason)
	for range 100 {
		out := make(chan int, 1)
		if err := Send(ctx, out, 0); err != reason || len(out) > 0 {
			t.Errorf("%v, %d sent", err, len(out))
		}
	}
}

func TestAPanickingConsumerLeavesNobodyBehind(t *testing.T) {
	// synctest.Test itself fails when a goroutine stays blocked.
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		same := func(_ context.Context, i int) (int, error) { return i, nil }
		for range FanOut(t.Context(), 3, 0, forever, same) {
			synctest.Wait() // until every worker has a result
			panic("consumer")
		}
	})
}
