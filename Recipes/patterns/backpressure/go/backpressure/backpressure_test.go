package backpressure

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestCancelledCallerTakesNoFreeToken(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // since a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			limiter := NewLimiter(time.Minute, 1)
			if err := limiter.Wait(cancelled); err != context.Canceled {
				t.Errorf("error %v", err)
			}
			begin := time.Now()
			_ = limiter.Wait(context.Background())
			if d := time.Since(begin); d != 0 {
				t.Errorf("the token was gone for %v", d)
			}
		})
	}
}
