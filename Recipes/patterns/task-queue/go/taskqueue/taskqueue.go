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
var ErrClosed = errors.New("closed")

// An entry is a job in line, and what is done instead if it is dropped.
type entry struct{ run, drop func(ctx context.Context) }

// A Queue holds jobs that wait for a worker.
type Queue struct {
	workers int
	jobs    chan entry
	closed  chan struct{}

	mu       sync.Mutex
	isClosed bool
	senders  sync.WaitGroup
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
				if ctx.Err() != nil {
					job.drop(ctx)
				} else {
					job.run(ctx)
				}
			}
		})
	}
	wg.Wait()
}

// Submit puts a job in line. It waits while there is no room.
func (q *Queue) Submit(ctx context.Context, job func(ctx context.Context)) error {
	return q.submit(ctx, entry{job, func(context.Context) {}})
}

func (q *Queue) submit(ctx context.Context, job entry) error {
	if ok, err := q.trySubmit(job); ok || err != nil {
		return err
	}
	if !q.enter() {
		return ErrClosed
	}
	defer q.senders.Done()
	select {
	case q.jobs <- job:
		return nil
	case <-q.closed:
		return cmp.Or(ctx.Err(), ErrClosed) // not by chance, if it is both
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TrySubmit puts a job in line if there is room, and says whether there was.
func (q *Queue) TrySubmit(job func(ctx context.Context)) (bool, error) {
	return q.trySubmit(entry{job, func(context.Context) {}})
}

func (q *Queue) trySubmit(job entry) (bool, error) {
	if !q.enter() {
		return false, ErrClosed
	}
	defer q.senders.Done()
	select {
	case q.jobs <- job:
		return true, nil
	default:
		return false, nil
	}
}

// Perform performs a job when its turn has come, and returns its result. The
// job gets ctx.
func Perform[T any](
	ctx context.Context, q *Queue, job func(ctx context.Context) (T, error),
) (value T, err error) {
	done := make(chan struct{})
	var taken atomic.Bool
	finish := func(perform func() (T, error)) {
		if taken.CompareAndSwap(false, true) {
			value, err = perform()
			close(done)
		}
	}
	var none T
	if ctx.Err() != nil {
		return none, ctx.Err()
	}
	problem := q.submit(ctx, entry{
		run: func(context.Context) {
			finish(func() (T, error) { return job(ctx) })
		},
		drop: func(context.Context) {
			finish(func() (T, error) { return none, cmp.Or(ctx.Err(), ErrClosed) })
		},
	})
	if problem != nil {
		return none, problem
	}
	select {
	case <-done:
	case <-ctx.Done():
		// It ends soon, or does not start.
		if taken.CompareAndSwap(false, true) {
			return none, ctx.Err()
		}
		<-done
	}
	return value, err
}

// Close lets no more jobs in. Those in line are done, and then Run returns.
func (q *Queue) Close() {
	q.mu.Lock()
	wasClosed := q.isClosed
	q.isClosed = true
	q.mu.Unlock()
	if wasClosed {
		return
	}
	close(q.closed)
	q.senders.Wait() // to send on a channel that is closed would panic
	close(q.jobs)
}

// Abandon lets no more jobs in, drops those in line, and counts them.
func (q *Queue) Abandon() (dropped int) {
	q.Close()
	for job := range q.jobs {
		job.drop(context.Background())
		dropped++
	}
	return dropped
}

// enter says whether a job may come; it is one of the senders then.
func (q *Queue) enter() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.isClosed {
		q.senders.Add(1)
	}
	return !q.isClosed
}
