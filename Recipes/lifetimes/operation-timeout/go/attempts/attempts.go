// Package attempts performs an operation until it succeeds, within one limit.
//
// It divides the time as package net does among the addresses that it dials:
// each attempt has an equal share of what is left, but at least a tenth of all.
package attempts

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// OutOfTime is returned if the deadline passes, or would pass in a pause.
type OutOfTime struct {
	Attempts int
	Last     error // of an attempt that failed by itself, or nil
}

func (e *OutOfTime) Error() string {
	text := fmt.Sprint("out of time, attempts: ", e.Attempts)
	if e.Last != nil {
		text += fmt.Sprint(", last error: ", e.Last)
	}
	return text
}

// Unwrap makes errors.Is(err, context.DeadlineExceeded) true.
func (e *OutOfTime) Unwrap() []error {
	if e.Last == nil {
		return []error{context.DeadlineExceeded}
	}
	return []error{context.DeadlineExceeded, e.Last}
}

// Do calls operation until it succeeds, at most n times within the limit and
// the deadline of ctx, or with math.MaxInt as often as there is time for. It
// tries again after a transient error, or when the share of an attempt is over.
// It panics if n is below 1.
func Do[T any](
	ctx context.Context, n int, limit, pause time.Duration,
	isTransient func(error) bool,
	operation func(ctx context.Context, attempt int) (T, error),
) (T, error) {
	if n < 1 {
		panic("attempts: an operation needs at least one attempt")
	}
	var none T
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	end, _ := ctx.Deadline()
	least := time.Until(end) / 10
	outcome := &OutOfTime{}
	for {
		if errors.Is(ctx.Err(), context.Canceled) {
			return none, ctx.Err()
		}
		left := time.Until(end)
		if left <= 0 {
			return none, outcome
		}
		share := max(left/time.Duration(n-outcome.Attempts), least)
		limited, cancel := context.WithTimeout(ctx, share)
		value, err := operation(limited, outcome.Attempts)
		cancel()
		outcome.Attempts++
		if err == nil || errors.Is(err, context.Canceled) {
			return value, err
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			if !isTransient(err) {
				return none, err
			}
			outcome.Last = err
		}
		switch left := time.Until(end); {
		case left > 0 && outcome.Attempts == n:
			return none, err
		case left <= pause:
			return none, outcome
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}
