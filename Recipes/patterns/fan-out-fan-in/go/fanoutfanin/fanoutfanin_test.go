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

func TestDeafWorkersStartNothingAfterCancellation(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			reason := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2500*time.Millisecond, func() { cancel(reason) })
			var started atomic.Int32
			var problem error
			for _, err := range FanOut(ctx, 2, 0, forever,
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
