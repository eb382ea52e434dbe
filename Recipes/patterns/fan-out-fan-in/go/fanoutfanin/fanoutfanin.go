// Package fanoutfanin spreads work over several goroutines and brings
// what they produce together, for a consumer that may leave early.
//
// The form is that of the Go blog, "Go Concurrency Patterns: Pipelines
// and cancellation" (https://go.dev/blog/pipelines): several workers
// range over one channel, and send to one that a WaitGroup closes.
package fanoutfanin

import (
	"context"
	"iter"
	"sync"
)

// A Producer sends its values to out, by Send, and returns when it has no
// more, or an error.
type Producer[T any] func(ctx context.Context, out chan<- T) error

// Send sends value to out, unless ctx is done first. It returns why ctx is
// done, also where that came while value was sent.
func Send[T any](ctx context.Context, out chan<- T, value T) error {
	if ctx.Err() == nil { // a select chooses at random
		select {
		case out <- value:
		case <-ctx.Done():
		}
	}
	return context.Cause(ctx)
}

// FanIn runs all producers at once and yields what they send, as it
// comes. Up to buffer values wait for the consumer, besides the one that
// each producer holds.
//
// The first error cancels the context of the other producers, and comes
// last, after the values that were waiting. A consumer that leaves early
// cancels all. Every producer has returned when the loop has ended.
func FanIn[T any](
	ctx context.Context, buffer int, producers ...Producer[T],
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		out := make(chan T, buffer)

		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel(nil) // also when yield panics
		for _, produce := range producers {
			wg.Go(func() {
				if err := produce(ctx, out); err != nil {
					cancel(err) // only the first one counts
				}
			})
		}
		go func() {
			wg.Wait()
			close(out)
		}()

		for value := range out {
			if !yield(value, nil) {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			var none T
			yield(none, err)
		}
	}
}

// FanOut calls work for each input, in several workers, and yields the
// results as FanIn does. Inputs are taken as they are needed, and at most
// one ahead, so they may be infinite.
func FanOut[T, R any](
	ctx context.Context,
	workers, buffer int,
	inputs iter.Seq[T],
	work func(context.Context, T) (R, error),
) iter.Seq2[R, error] {
	if workers < 1 {
		panic("fanoutfanin: workers must be at least 1")
	}
	return func(yield func(R, error) bool) {
		jobs := make(chan T)
		producers := []Producer[R]{
			func(ctx context.Context, _ chan<- R) error {
				defer close(jobs)
				return feed(ctx, jobs, inputs)
			},
		}
		for range workers {
			producers = append(producers,
				func(ctx context.Context, out chan<- R) error {
					for job := range jobs {
						// The select that handed out the job may have
						// been cancelled just as well.
						if ctx.Err() != nil {
							return context.Cause(ctx)
						}
						result, err := work(ctx, job)
						if err != nil {
							return err
						}
						if err := Send(ctx, out, result); err != nil {
							return err
						}
					}
					return nil
				})
		}
		FanIn(ctx, buffer, producers...)(yield)
	}
}

func feed[T any](
	ctx context.Context, jobs chan<- T, inputs iter.Seq[T],
) error {
	for input := range inputs {
		select {
		case jobs <- input:
		case <-ctx.Done():
		}
		// The select chooses at random, but nothing more is read.
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}
