package tokenbucket

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestCancelledCallerTakesNoFreeToken(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // since a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			limiter := NewLimiter(Every(time.Minute), 1)
			if err := limiter.Wait(cancelled); err != context.Canceled {
				t.Errorf("error %v", err)
			}
			if !limiter.Allow() {
				t.Error("the token is gone")
			}
		})
	}
}

func TestTokenThatIsThereIsNotRefusedToOneOfMany(t *testing.T) {
	limiter := NewLimiter(Every(time.Minute), math.MaxInt)
	var callers sync.WaitGroup
	var refused atomic.Int64
	for range 8 {
		callers.Go(func() {
			for range 10_000 {
				if !limiter.Allow() {
					refused.Add(1)
				}
			}
		})
	}
	callers.Wait()
	if refused.Load() > 0 {
		t.Errorf("%d of 80,000 were refused", refused.Load())
	}
}
