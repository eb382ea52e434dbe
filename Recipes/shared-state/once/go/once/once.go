// Package once runs work once for all callers that want its value. Other
// than [sync.OnceValues] it can be cancelled, and keeps no error.
package once

import (
	"context"
	"sync"
)

// #region once

// A Once is a value that the first call for it makes.
type Once[T any] struct {
	work func(context.Context) (T, error)

	mu  sync.Mutex
	run *run[T] // in progress, or the one that succeeded
}

// A run is one call of the work. Its fields are set before done is closed.
type run[T any] struct {
	done   chan struct{}
	value  T
	err    error
	shared bool // whether those that wait get the value or the error
}

// New returns a Once whose value work makes.
func New[T any](work func(context.Context) (T, error)) *Once[T] {
	return &Once[T]{work: work}
}

// Value returns the value. The first caller does the work, with its own ctx;
// callers that come meanwhile wait, until ctx is done at the latest.
//
// An error goes to each caller that waits for that run, and the next call
// runs the work again. If the runner's ctx was done when the work failed, or
// if the work panicked, one of those that wait runs it anew.
//
// As with [sync.Once], work that calls Value deadlocks.
func (o *Once[T]) Value(ctx context.Context) (T, error) {
	for {
		r, isMine := o.join()
		if isMine {
			return o.perform(ctx, r)
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			select {
			case <-r.done: // the value was there already
			default:
				var zero T
				return zero, ctx.Err()
			}
		}
		if r.shared {
			return r.value, r.err
		}
	}
}

// #endregion

// join returns the run to wait for, or a new one for the caller to perform.
func (o *Once[T]) join() (r *run[T], isMine bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.run == nil {
		o.run, isMine = &run[T]{done: make(chan struct{})}, true
	}
	return o.run, isMine
}

func (o *Once[T]) perform(ctx context.Context, r *run[T]) (T, error) {
	succeeded := false
	// Deferred, or a panic would leave the others waiting for ever.
	defer func() {
		o.mu.Lock()
		if !succeeded {
			o.run = nil
		}
		o.mu.Unlock()
		close(r.done)
	}()
	r.value, r.err = o.work(ctx)
	succeeded = r.err == nil
	r.shared = succeeded || ctx.Err() == nil
	return r.value, r.err
}
