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
	"math"
	"sync"
	"time"
)

// A Limit is a rate, as the interval between two tokens.
type Limit time.Duration

// Every returns the rate of one token in each interval.
func Every(interval time.Duration) Limit { return Limit(interval) }

// A Limiter is a bucket of tokens that refills at a constant rate.
type Limiter struct {
	every, untilFull time.Duration

	mu      sync.Mutex
	full    time.Time // when the bucket will be full
	waiting int

	// line holds the first that waits: a mutex whose waiters are served in
	// turn and can give up.
	line chan struct{}
}

// NewLimiter returns a full bucket of burst tokens. While it is not full,
// tokens come in at the rate.
func NewLimiter(rate Limit, burst int) *Limiter {
	if rate <= 0 || burst <= 0 {
		panic("tokenbucket: no token would ever come")
	}
	untilFull := time.Duration(math.MaxInt64)
	if burst-1 < int(untilFull/time.Duration(rate)) {
		untilFull = time.Duration(burst-1) * time.Duration(rate)
	}
	return &Limiter{
		every: time.Duration(rate), untilFull: untilFull,
		full: time.Now(), line: make(chan struct{}, 1),
	}
}

// Wait takes a token, or none and ctx's error if ctx is done first.
// Those that wait are served first come, first served.
func (l *Limiter) Wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.come(true) {
		return nil
	}
	defer l.leave()
	select {
	case l.line <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-l.line }()

	l.mu.Lock()
	timer := time.NewTimer(l.untilToken())
	l.mu.Unlock()
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	// Both may have been ready, and select chooses at random.
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	l.take()
	l.mu.Unlock()
	return nil
}

// Allow takes a token if there is one and nobody waits.
func (l *Limiter) Allow() bool { return l.come(false) }

// come takes a token, or counts who waits for one.
func (l *Limiter) come(waits bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == 0 && l.untilToken() <= 0 {
		l.take()
		return true
	}
	if waits {
		l.waiting++
	}
	return false
}

func (l *Limiter) leave() {
	l.mu.Lock()
	l.waiting--
	l.mu.Unlock()
}

func (l *Limiter) untilToken() time.Duration {
	return time.Until(l.full.Add(-l.untilFull))
}

func (l *Limiter) take() {
	if now := time.Now(); l.full.Before(now) {
		l.full = now
	}
	l.full = l.full.Add(l.every)
}
