// Package attempts performs an operation until it succeeds, within the
// deadline of a context.
//
// It divides the time as the timeouts of dial attempts in package net do: each
// attempt has an equal share of what is left.
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
	return []error{context.DeadlineExceeded, e.Last}
}

// Do calls operation until it succeeds, at most n times, and again only after
// a transient error or when its share of the time is over.
func Do[T any](
	ctx context.Context, n int, pause time.Duration,
	isTransient func(error) bool,
	operation func(ctx context.Context, attempt int) (T, error),
) (T, error) {
	var none T
	end, isLimited := ctx.Deadline()
	isOver := func(pause time.Duration) bool {
		return isLimited && time.Until(end) <= pause
	}
	outcome := &OutOfTime{}
	for {
		if errors.Is(ctx.Err(), context.Canceled) {
			return none, ctx.Err()
		}
		if isOver(0) {
			return none, outcome
		}
		value, err := within(ctx, n-outcome.Attempts,
			func(ctx context.Context) (T, error) {
				return operation(ctx, outcome.Attempts)
			})
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
		if isOver(0) {
			return none, outcome
		}
		if outcome.Attempts == n {
			return none, err
		}
		if isOver(pause) {
			return none, outcome
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return none, ctx.Err()
		}
	}
}

// within calls one attempt of so many that are left.
func within[T any](
	ctx context.Context, attempts int,
	operation func(context.Context) (T, error),
) (T, error) {
	if end, isLimited := ctx.Deadline(); isLimited {
		share := time.Until(end) / time.Duration(attempts)
		limited, cancel := context.WithTimeout(ctx, share)
		defer cancel()
		ctx = limited
	}
	return operation(ctx)
}
