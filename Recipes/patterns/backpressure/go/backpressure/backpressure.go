// Package backpressure holds what a producer can do when the consumer
// behind a bounded channel is slower than it is: wait, drop the newest
// item, drop the oldest, or limit its own rate.
//
// Sending on a bounded channel and select with default are described in
// Effective Go, "Channels" and "A leaky buffer"
// (https://go.dev/doc/effective_go), and limiting by time in Go by
// Example, "Rate Limiting" (https://gobyexample.com/rate-limiting).
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

// Offer drops item when there is no room, and says so.
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

// A Limiter is a bucket of tokens that refills at a constant rate.
type Limiter struct {
	every time.Duration
	burst int
	// bucket holds when the bucket will be full. The goroutine that has
	// received this is the first in line: a mutex whose waiters are served
	// in turn and can give up.
	bucket chan time.Time
}

// NewLimiter returns a full bucket of burst tokens. While it is not full,
// one comes in after each interval.
func NewLimiter(every time.Duration, burst int) *Limiter {
	l := &Limiter{every, burst, make(chan time.Time, 1)}
	l.bucket <- time.Now()
	return l
}

// Wait takes a token, or none and ctx's error if ctx is done first.
// Those that wait are served first come, first served.
func (l *Limiter) Wait(ctx context.Context) error {
	var full time.Time
	select {
	case full = <-l.bucket:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.bucket <- full }()

	due := full.Add(-time.Duration(l.burst-1) * l.every)
	if wait := time.Until(due); wait > 0 {
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
	if now := time.Now(); full.Before(now) {
		full = now
	}
	full = full.Add(l.every)
	return nil
}
