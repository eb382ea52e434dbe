// Package taskqueue is a bounded queue of jobs: a number of goroutines range
// over a buffered channel of functions.
//
// The form is that of Effective Go, "Channels": a fixed number of handlers read
// requests from one channel (https://go.dev/doc/effective_go#channels).
package taskqueue

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrClosed says that a job came to a queue that is closed.
var ErrClosed = errors.New("the queue is closed")

// An entry is a job in line. It is called once, with an error if it is dropped.
type entry = func(ctx context.Context, dropped error)

// A Queue holds jobs that wait for a worker.
type Queue struct {
	workers int
	jobs    chan entry
	end     sync.Once
	closed  chan struct{}
	sending sync.RWMutex
}

// New returns a queue; its jobs wait until it is Run.
func New(workers, capacity int) *Queue {
	return &Queue{
		workers: workers,
		jobs:    make(chan entry, capacity),
		closed:  make(chan struct{}),
	}
}

// Run does the jobs until the queue is closed and all have ended. When ctx is
// done it drops those that wait. Those that are submitted get ctx.
func (q *Queue) Run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { q.Abandon() })
	defer stop()
	var wg sync.WaitGroup
	for range q.workers {
		wg.Go(func() {
			for job := range q.jobs {
				job(ctx, ctx.Err())
			}
		})
	}
	wg.Wait()
}

// Submit puts a job in line. It waits while there is no room.
func (q *Queue) Submit(ctx context.Context, job func(ctx context.Context)) error {
	_, err := q.submit(ctx, unlessDropped(job), true)
	return err
}

// TrySubmit puts a job in line if there is room, and says whether there was.
func (q *Queue) TrySubmit(job func(ctx context.Context)) (bool, error) {
	return q.submit(context.Background(), unlessDropped(job), false)
}

func unlessDropped(job func(ctx context.Context)) entry {
	return func(ctx context.Context, dropped error) {
		if dropped == nil {
			job(ctx)
		}
	}
}

func (q *Queue) submit(ctx context.Context, job entry, waits bool) (bool, error) {
	q.sending.RLock()
	defer q.sending.RUnlock()
	select {
	case <-q.closed:
		return false, ErrClosed
	default:
	}
	select {
	case q.jobs <- job:
		return true, nil
	default:
		if !waits {
			return false, nil
		}
	}
	select {
	case q.jobs <- job:
		return true, nil
	case <-q.closed:
		return false, cmp.Or(ctx.Err(), ErrClosed) // not by chance, if it is both
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Perform performs a job when its turn has come, and returns its result. The
// job gets ctx.
func Perform[T any](
	ctx context.Context, q *Queue, job func(ctx context.Context) (T, error),
) (value T, err error) {
	if ctx.Err() != nil {
		return value, ctx.Err()
	}
	done := make(chan struct{})
	var taken atomic.Bool
	_, problem := q.submit(ctx, func(_ context.Context, dropped error) {
		if !taken.CompareAndSwap(false, true) {
			return
		}
		if dropped == nil {
			value, err = job(ctx)
		} else {
			err = cmp.Or(ctx.Err(), ErrClosed)
		}
		close(done)
	}, true)
	if problem != nil {
		return value, problem
	}
	select {
	case <-done:
	case <-ctx.Done():
		// It ends soon, or does not start.
		if taken.CompareAndSwap(false, true) {
			return value, ctx.Err()
		}
		<-done
	}
	return value, err
}

// Close lets no more jobs in. Those in line are done, and then Run returns.
func (q *Queue) Close() {
	q.end.Do(func() {
		close(q.closed)
		q.sending.Lock() // to send on a channel that is closed would panic
		defer q.sending.Unlock()
		close(q.jobs)
	})
}

// Abandon lets no more jobs in, drops those in line, and counts them.
func (q *Queue) Abandon() (dropped int) {
	q.Close()
	for job := range q.jobs {
		job(context.Background(), ErrClosed)
		dropped++
	}
	return dropped
}
