// Package tokenbucket limits how often something happens.
//
// It is called as golang.org/x/time/rate is, and promises what that does
// and more: those that wait move up when one before them gives up. The
// pattern is described in the Go wiki, "RateLimiting"
// (https://go.dev/wiki/RateLimiting), and in Go by Example, "Rate
// Limiting" (https://gobyexample.com/rate-limiting).
package tokenbucket

import (
	"context"
	"time"
)

// A Limit is a rate, as the interval between two tokens.
type Limit time.Duration

// Every returns the rate of one token in each interval.
func Every(interval time.Duration) Limit { return Limit(interval) }

// A Limiter is a bucket of tokens that refills at a constant rate.
type Limiter struct {
	every time.Duration
	burst int
	// line holds when the bucket will be full. The goroutine that has
	// received this is the first in line: a mutex whose waiters are served
	// in turn and can give up.
	line chan time.Time
}

// NewLimiter returns a full bucket of burst tokens. While it is not full,
// tokens come in at the rate.
func NewLimiter(rate Limit, burst int) *Limiter {
	l := &Limiter{time.Duration(rate), burst, make(chan time.Time, 1)}
	l.line <- time.Now()
	return l
}

// Wait takes a token, or none and ctx's error if ctx is done first.
// Those that wait are served first come, first served.
func (l *Limiter) Wait(ctx context.Context) error {
	var full time.Time
	select {
	case full = <-l.line:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { l.line <- full }()

	if wait := time.Until(l.due(full)); wait > 0 {
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
	full = l.taken(full)
	return nil
}

// Allow takes a token if there is one and nobody waits.
func (l *Limiter) Allow() bool {
	select {
	case full := <-l.line:
		isThere := time.Until(l.due(full)) <= 0
		if isThere {
			full = l.taken(full)
		}
		l.line <- full
		return isThere
	default:
		return false
	}
}

// due returns when there is a token.
func (l *Limiter) due(full time.Time) time.Time {
	return full.Add(-time.Duration(l.burst-1) * l.every)
}

// taken returns when the bucket is full if a token is taken now.
func (l *Limiter) taken(full time.Time) time.Time {
	if now := time.Now(); full.Before(now) {
		full = now
	}
	return full.Add(l.every)
}
