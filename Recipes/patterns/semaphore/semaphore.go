// Package semaphore limits concurrency with a buffered channel, and with
// the weighted semaphore of golang.org/x/sync.
//
// The channel is the form of Effective Go, "Channels"
// (https://go.dev/doc/effective_go#channels). The weighted semaphore is
// documented at https://pkg.go.dev/golang.org/x/sync/semaphore.
package semaphore

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// A Semaphore hands out permits. Its methods are those of
// [semaphore.Weighted].
type Semaphore interface {
	// Acquire waits for n permits, or returns ctx's error.
	Acquire(ctx context.Context, n int64) error
	// TryAcquire takes n permits only if it need not wait for them.
	TryAcquire(n int64) bool
	// Release gives n permits back.
	Release(n int64)
}

// #region channel

// Channel is a buffered channel as a semaphore: each element in it is a
// permit that somebody holds.
type Channel chan struct{}

// NewChannel returns a semaphore of n permits.
func NewChannel(n int) Channel { return make(Channel, n) }

// Acquire waits for a permit. When ctx is done already, and a permit is
// free, it is chance whether it takes it: select chooses.
func (c Channel) Acquire(ctx context.Context, n int64) error {
	one(n)
	select {
	case c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TryAcquire takes a permit if one is free.
func (c Channel) TryAcquire(n int64) bool {
	one(n)
	select {
	case c <- struct{}{}:
		return true
	default:
		return false
	}
}

// Release gives a permit back.
func (c Channel) Release(n int64) {
	one(n)
	select {
	case <-c:
	default:
		// A plain receive would wait here for somebody to acquire.
		panic("semaphore: released more than held")
	}
}

// #endregion

// one refuses to take several permits one by one: two goroutines that do
// so can each hold half of what the other waits for.
func one(n int64) {
	if n != 1 {
		panic("semaphore: a channel hands out one permit at a time")
	}
}

// #region weighted

// NewWeighted returns a semaphore of n permits, of which a call may take
// several. It serves first come, first served.
func NewWeighted(n int) *semaphore.Weighted {
	return semaphore.NewWeighted(int64(n))
}

// With holds n permits while body runs, however it ends.
func With(
	ctx context.Context, s Semaphore, n int64, body func(context.Context),
) error {
	if err := s.Acquire(ctx, n); err != nil {
		return err
	}
	defer s.Release(n)
	// A holder that the same cancellation ends may release before this
	// waiter sees it: then both of its cases are ready.
	if err := ctx.Err(); err != nil {
		return err
	}
	body(ctx)
	return nil
}

// #endregion
