// Package hedge sends a request again if it is slow or fails, and takes the
// first answer.
//
// The pattern is described in "The Tail at Scale" by Jeffrey Dean and Luiz
// André Barroso (Communications of the ACM, February 2013).
package hedge

import (
	"context"
	"sync"
	"time"
)

// A Request says how attempts follow each other.
type Request struct {
	delay    time.Duration
	attempts int
	room     chan struct{}
}

// New returns a Request whose next attempt starts when none has started for
// the delay, or when one fails. Further attempts of all calls share the budget.
// It panics if a call has no attempt.
func New(delay time.Duration, attempts, budget int) *Request {
	if attempts < 1 {
		panic("hedge: a request needs at least one attempt")
	}
	return &Request{delay, attempts, make(chan struct{}, budget)}
}

// Do returns what the first attempt that succeeds returns, when the others
// have ended. If all fail, it returns the first error; if ctx is done, that of
// the attempt that ends last, or ctx.Err() if none started.
func Do[T any](
	ctx context.Context, r *Request,
	request func(ctx context.Context, attempt int) (T, error),
) (T, error) {
	type answer struct {
		value T
		err   error
	}
	parent := ctx
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	answers := make(chan answer, r.attempts) // no loser waits for a receiver
	started, running := 0, 0
	timer := time.NewTimer(r.delay)
	defer timer.Stop()
	start := func() {
		attempt := started
		if attempt == r.attempts || parent.Err() != nil {
			return
		}
		if attempt > 0 {
			select {
			case r.room <- struct{}{}:
			default:
				return
			}
		}
		started, running = started+1, running+1
		timer.Reset(r.delay)
		wg.Go(func() {
			value, err := request(ctx, attempt)
			if attempt > 0 {
				<-r.room
			}
			answers <- answer{value, err}
		})
	}
	start()
	problem := parent.Err() // no attempt has started
	var none T
	for running > 0 {
		select {
		case answer := <-answers:
			if answer.err == nil {
				return answer.value, nil
			}
			if problem == nil || parent.Err() != nil {
				problem = answer.err
			}
			running--
			start()
		case <-timer.C:
			start()
		}
	}
	return none, problem
}
