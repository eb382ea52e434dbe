package tokenbucket

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
