package attempts_test

import (
	"slices"
	"testing"
	"time"

	"concurrencycookbook/lifetimes/operation-timeout/go/attempts"
)

func TestErrors(t *testing.T) {
	if slices.Contains(new(attempts.OutOfTime).Unwrap(), nil) {
		t.Error("wraps nil")
	}
	defer func() {
		if recover() != "attempts: an operation needs at least one attempt" {
			t.Error("an operation without an attempt")
		}
	}()
	_, _ = attempts.Do[int](t.Context(), 0, time.Second, 0, nil, nil)
}
