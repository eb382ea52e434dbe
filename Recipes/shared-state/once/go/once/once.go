// Package once runs work once for all callers that want its value. Other
// than [sync.OnceValues] it can be cancelled, and keeps no error.
package once

import "context"

// A Once is a value that the first call for it makes.
type Once[T any] struct {
	work func(context.Context) (T, error)
	// A lock that a caller can stop waiting for: who sends holds it.
	lock  chan struct{}
	done  bool
	value T
}

// New returns a Once whose value work makes.
func New[T any](work func(context.Context) (T, error)) *Once[T] {
	return &Once[T]{work: work, lock: make(chan struct{}, 1)}
}

// Value returns the value. The first caller does the work, with its own ctx;
// callers that come meanwhile wait, until ctx is done at the latest.
//
// If the work fails, its caller alone gets the error, and the
// caller that has waited longest runs it anew. As with [sync.Once], work that
// calls Value deadlocks.
func (o *Once[T]) Value(ctx context.Context) (value T, err error) {
	select {
	case o.lock <- struct{}{}: // free: a ctx that is done does not matter
	default:
		select {
		case o.lock <- struct{}{}:
		case <-ctx.Done():
			return value, ctx.Err()
		}
	}
	defer func() { <-o.lock }()
	if !o.done {
		o.value, err = o.work(ctx)
		o.done = err == nil
	}
	return o.value, err
}
