// Package pipeline is a series of stages connected by channels, each a
// group of goroutines that runs the same function.
//
// The form is that of the Go blog, "Go Concurrency Patterns: Pipelines
// and cancellation" (https://go.dev/blog/pipelines), with the group of
// golang.org/x/sync/errgroup.
package pipeline

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Gen is the first stage: it sends the values of a sequence, until one
// comes with an error. Up to buffer values wait for the next stage.
func Gen[T any](
	ctx context.Context, g *errgroup.Group, buffer int,
	source iter.Seq2[T, error],
) <-chan T {
	out := make(chan T, buffer)
	g.Go(func() error {
		defer close(out)
		for value, err := range source {
			if err != nil {
				return err
			}
			if err := send(ctx, out, value); err != nil {
				return err
			}
		}
		return nil
	})
	return out
}

func send[T any](ctx context.Context, out chan<- T, value T) error {
	if ctx.Err() == nil { // a select chooses at random
		select {
		case out <- value:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

// Stage calls work for each value of in, in so many workers, and sends
// the results. Up to buffer results wait for the next stage, besides the
// one that each worker holds. With one worker they keep their order.
//
// The workers send to one channel: merge without a goroutine and a channel
// more for each of them.
func Stage[T, R any](
	ctx context.Context, g *errgroup.Group, workers, buffer int,
	in <-chan T, work func(context.Context, T) (R, error),
) <-chan R {
	if workers < 1 {
		panic("pipeline: workers must be at least 1")
	}
	out := make(chan R, buffer)
	var wg sync.WaitGroup
	wg.Add(workers)
	for range workers {
		g.Go(func() error {
			defer wg.Done()
			for value := range in {
				// The stage before may have had a value in its channel
				// when it was cancelled.
				if err := ctx.Err(); err != nil {
					return err
				}
				result, err := work(ctx, value)
				if err != nil {
					return err
				}
				if err := send(ctx, out, result); err != nil {
					return err
				}
			}
			return nil
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

// Run yields what the last of the stages that build starts sends.
//
// The first error cancels the context of all stages, and comes last,
// after the results that were waiting. A consumer that leaves early
// cancels all stages. Either way they have ended when the loop has.
func Run[T any](
	ctx context.Context,
	build func(context.Context, *errgroup.Group) <-chan T,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		g, ctx := errgroup.WithContext(ctx)
		defer g.Wait()
		defer cancel() // also when yield panics
		for result := range build(ctx, g) {
			if !yield(result, nil) {
				return
			}
		}
		// A channel that is closed may have been so by an error.
		if err := g.Wait(); err != nil {
			var none T
			yield(none, err)
		}
	}
}
