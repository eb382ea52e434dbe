// Package boundedpool is a bounded worker pool: a fixed number of
// goroutines range over one channel of jobs.
//
// The form is well known from the Go blog, "Go Concurrency Patterns:
// Pipelines and cancellation" (https://go.dev/blog/pipelines), and from
// Go by Example, "Worker Pools" (https://gobyexample.com/worker-pools).
package boundedpool

import (
	"context"
	"iter"
	"sync"
)

// ForEach calls work once for each input, in order, at most workers at
// once. It returns when every call has returned.
//
// The first error cancels the context of the other calls, starts no more
// of them, and is returned. When ctx is cancelled first, its cause is
// returned. Inputs are taken as they are needed, and at most one ahead,
// so they may be infinite. They are taken on the caller's goroutine: a
// sequence that blocks has to watch ctx itself.
func ForEach[T any](
	ctx context.Context,
	workers int,
	inputs iter.Seq[T],
	work func(context.Context, T) error,
) error {
	if workers < 1 {
		panic("boundedpool: workers must be at least 1")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	jobs := make(chan T)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel(nil) // also when inputs panics
	for range workers {
		wg.Go(func() {
			for job := range jobs {
				// When a worker and the cancellation are both ready,
				// the select below may still hand out a job.
				if ctx.Err() != nil {
					return
				}
				if err := work(ctx, job); err != nil {
					cancel(err) // only the first one counts
					return
				}
			}
		})
	}

	func() {
		defer close(jobs)
		for input := range inputs {
			select {
			case jobs <- input:
			case <-ctx.Done():
			}
			if ctx.Err() != nil {
				return
			}
		}
	}()
	wg.Wait()
	return context.Cause(ctx)
}

// Unordered is ForEach for work that has a result. It calls receive with
// each result as it comes, one at a time, on the caller's goroutine. An
// error of receive is like one of work.
//
// Workers wait for a slow receive, so memory does not grow with the
// number of jobs. Results that came before the first error of work have
// been received when Unordered returns. Inputs are taken on a goroutine of
// their own.
func Unordered[T, R any](
	ctx context.Context,
	workers int,
	inputs iter.Seq[T],
	work func(context.Context, T) (R, error),
	receive func(R) error,
) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	results := make(chan R)
	var first error
	go func() {
		defer close(results)
		first = ForEach(ctx, workers, inputs,
			func(ctx context.Context, input T) error {
				result, err := work(ctx, input)
				if err != nil {
					return err
				}
				// No select on ctx.Done here: it would drop, at
				// random, results of jobs that have succeeded.
				results <- result
				return nil
			})
	}()
	defer func() {
		// No worker may be left behind, blocked on a channel that nobody
		// reads, also where receive panics.
		cancel(err)
		for range results {
		}
		if first != nil {
			err = first
		}
	}()

	for result := range results {
		if err := receive(result); err != nil {
			return err
		}
	}
	return nil
}

// Map is ForEach for work that has a result. The results are in the order
// of the inputs; there are none with an error.
func Map[T, R any](
	ctx context.Context,
	workers int,
	inputs iter.Seq[T],
	work func(context.Context, T) (R, error),
) ([]R, error) {
	type job struct {
		index int
		input T
	}
	jobs := func(yield func(job) bool) {
		index := 0
		for input := range inputs {
			if !yield(job{index, input}) {
				return
			}
			index++
		}
	}
	var mu sync.Mutex
	results := []R{}
	err := ForEach(ctx, workers, jobs,
		func(ctx context.Context, j job) error {
			result, err := work(ctx, j.input)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for len(results) <= j.index {
				results = append(results, *new(R))
			}
			results[j.index] = result
			return nil
		})
	if err != nil {
		return nil, err
	}
	return results, nil
}
