package examples

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"
)

func TestWeightedOutOfBounds(t *testing.T) {
	permits := semaphore.NewWeighted(1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := permits.Acquire(ctx, 2); err != context.DeadlineExceeded {
		t.Errorf("2 permits of 1: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("released too much without a panic")
		}
	}()
	permits.Release(1)
}
