package hedge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"concurrencycookbook/patterns/hedged-request/go/hedge"
)

func TestNoAttemptStartsInACancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := hedge.Do(ctx, hedge.New(time.Hour, 2, 1),
		func(context.Context, int) (int, error) {
			t.Error("an attempt starts")
			return 1, nil
		})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestNoAttemptIsNoRequest(t *testing.T) {
	defer func() {
		if recover() != "hedge: a request needs at least one attempt" {
			t.Error("a request without an attempt")
		}
	}()
	hedge.New(time.Second, 0, 1)
}
