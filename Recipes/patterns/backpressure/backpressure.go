// Package backpressure holds what a producer can do when the consumer
// behind a bounded channel is slower than it is: wait, drop the newest
// item, drop the oldest, or limit its own rate.
//
// Sending on a bounded channel and select with default are described in
// Effective Go, "Channels" and "A leaky buffer"
// (https://go.dev/doc/effective_go), and limiting by time in Go by
// Example, "Rate Limiting" (https://gobyexample.com/rate-limiting) and
// the Go wiki, "RateLimiting" (https://go.dev/wiki/RateLimiting).
package backpressure

import (
	"context"
	"time"
)

// Send waits for room.
func Send[T any](ctx context.Context, items chan<- T, item T) error {
	select {
	case items <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Offer sheds load: it drops item when there is no room, and says so.
func Offer[T any](items chan<- T, item T) (sent bool) {
	select {
	case items <- item:
		return true
	default:
		return false
	}
}

// Push makes room for item by dropping the oldest one, which it returns.
//
// There must be one sender. Between the two selects the consumer may
// make room, and then an item is dropped that need not have been.
func Push[T any](items chan T, item T) (oldest T, dropped bool) {
	for {
		select {
		case items <- item:
			return oldest, dropped
		default:
		}
		select {
		case oldest = <-items:
			dropped = true
		default:
		}
	}
}

// A Limiter is a bucket of tokens, each of which comes back one period
// after it was taken. So no window of that length, wherever it begins,
// holds more than there are tokens.
//
// golang.org/x/time/rate refills at a constant rate instead: after a
// pause, a window can hold the whole burst and what is refilled in it.
type Limiter struct {
	period time.Duration
	// bucket holds when each token can be taken, the soonest first.
	// Whoever has it is at the head of the line: a mutex whose waiters
	// are served in turn and can give up.
	bucket chan []time.Time
}

// NewLimiter returns a full bucket.
func NewLimiter(tokens int, period time.Duration) *Limiter {
	l := &Limiter{period, make(chan []time.Time, 1)}
	l.bucket <- make([]time.Time, tokens)
	return l
}

// Wait takes a token, or none and ctx's error if ctx is done first.
// Those who wait are served first come, first served.
func (l *Limiter) Wait(ctx context.Context) error {
	var tokens []time.Time
	select {
	case tokens = <-l.bucket:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.bucket <- tokens }()

	if wait := time.Until(tokens[0]); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	// Both may have been ready, and select chooses at random.
	if err := ctx.Err(); err != nil {
		return err
	}
	tokens = append(tokens[1:], time.Now().Add(l.period))
	return nil
}
