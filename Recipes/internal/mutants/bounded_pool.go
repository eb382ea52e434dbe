// Package mutants holds pools that are wrong on purpose, each in a way
// that is easily written by mistake. A law that accepts one is no law.
package mutants

import (
	"context"
	"iter"
	"slices"
	"sync"

	boundedpool "concurrencycookbook/patterns/bounded-pool"
)

// BoundedPool holds the wrong pools by the name of their mistake.
var BoundedPool = map[string]boundedpool.Pool{
	"oneWorkerTooMany":            oneWorkerTooMany,
	"jobRunTwice":                 jobRunTwice,
	"keepsGoingAfterCancellation": keepsGoing,
	"lostResult":                  lostResult,
	"returnsBeforeAllEnded":       returnsEarly,
}

type (
	inputs  = iter.Seq[int]
	worker  = func(context.Context, int) error
	compute = func(context.Context, int) (int, error)
)

var original = boundedpool.Original

// oneWorkerTooMany counts its workers from nought to the bound, both
// included.
var oneWorkerTooMany = boundedpool.Pool{
	ForEach: func(
		ctx context.Context, workers int, in inputs, work worker,
	) error {
		return original.ForEach(ctx, workers+1, in, work)
	},
	Unordered: func(
		ctx context.Context, workers int, in inputs, work compute,
		receive func(int),
	) error {
		return original.Unordered(ctx, workers+1, in, work, receive)
	},
	Map: func(
		ctx context.Context, workers int, in inputs, work compute,
	) ([]int, error) {
		return original.Map(ctx, workers+1, in, work)
	},
}

// jobRunTwice hands its first job to two workers.
var jobRunTwice = boundedpool.Pool{
	ForEach: func(
		ctx context.Context, workers int, in inputs, work worker,
	) error {
		return original.ForEach(ctx, workers, firstTwice(in), work)
	},
	Unordered: func(
		ctx context.Context, workers int, in inputs, work compute,
		receive func(int),
	) error {
		return original.Unordered(
			ctx, workers, firstTwice(in), work, receive)
	},
	Map: func(
		ctx context.Context, workers int, in inputs, work compute,
	) ([]int, error) {
		results, err := original.Map(ctx, workers, firstTwice(in), work)
		if len(results) > 0 {
			results = results[1:]
		}
		return results, err
	},
}

func firstTwice(in inputs) inputs {
	return func(yield func(int) bool) {
		first := true
		for input := range in {
			if first && !yield(input) {
				return
			}
			first = false
			if !yield(input) {
				return
			}
		}
	}
}

// keepsGoing remembers the first error, and that it was cancelled, and
// acts on neither before the end.
var keepsGoing = boundedpool.Pool{
	ForEach: func(
		ctx context.Context, workers int, in inputs, work worker,
	) error {
		var first firstError
		original.ForEach(context.WithoutCancel(ctx), workers, in,
			func(ctx context.Context, input int) error {
				first.note(work(ctx, input))
				return nil
			})
		return first.or(ctx.Err())
	},
	Unordered: func(
		ctx context.Context, workers int, in inputs, work compute,
		receive func(int),
	) error {
		var first firstError
		results := make(chan int)
		go func() {
			defer close(results)
			original.ForEach(context.WithoutCancel(ctx), workers, in,
				func(ctx context.Context, input int) error {
					result, err := work(ctx, input)
					if err != nil {
						first.note(err)
						return nil
					}
					results <- result
					return nil
				})
		}()
		for result := range results {
			receive(result)
		}
		return first.or(ctx.Err())
	},
	Map: func(
		ctx context.Context, workers int, in inputs, work compute,
	) ([]int, error) {
		var first firstError
		results, _ := original.Map(
			context.WithoutCancel(ctx), workers, in,
			func(ctx context.Context, input int) (int, error) {
				result, err := work(ctx, input)
				first.note(err)
				return result, nil
			})
		if err := first.or(ctx.Err()); err != nil {
			return nil, err
		}
		return results, nil
	},
}

type firstError struct {
	mu  sync.Mutex
	err error
}

func (f *firstError) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
	}
}

func (f *firstError) or(other error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	return other
}

// lostResult stops collecting one result too soon. ForEach has no result
// to lose, and loses its last job instead.
var lostResult = boundedpool.Pool{
	ForEach: func(
		ctx context.Context, workers int, in inputs, work worker,
	) error {
		return original.ForEach(ctx, workers, withoutLast(in), work)
	},
	Unordered: func(
		ctx context.Context, workers int, in inputs, work compute,
		receive func(int),
	) error {
		var held *int
		return original.Unordered(ctx, workers, in, work,
			func(result int) {
				if held != nil {
					receive(*held)
				}
				held = &result
			})
	},
	Map: func(
		ctx context.Context, workers int, in inputs, work compute,
	) ([]int, error) {
		results, err := original.Map(ctx, workers, in, work)
		return results[:max(0, len(results)-1)], err
	},
}

func withoutLast(in inputs) inputs {
	return func(yield func(int) bool) {
		var held *int
		for input := range in {
			if held != nil && !yield(*held) {
				return
			}
			held = &input
		}
	}
}

// returnsEarly waits for its workers on a goroutine of its own, so it
// returns when the last job has been handed out, not when it has ended.
var returnsEarly = boundedpool.Pool{
	ForEach: func(
		ctx context.Context, workers int, in inputs, work worker,
	) error {
		return handOut(ctx, workers, in, work)
	},
	Unordered: func(
		ctx context.Context, workers int, in inputs, work compute,
		receive func(int),
	) error {
		results, err := collectEarly(ctx, workers, in, work)
		for _, result := range results {
			receive(result)
		}
		return err
	},
	Map: func(
		ctx context.Context, workers int, in inputs, work compute,
	) ([]int, error) {
		results, err := collectEarly(ctx, workers, in, work)
		if err != nil {
			return nil, err
		}
		return results, nil
	},
}

func handOut(
	ctx context.Context, workers int, in inputs, work worker,
) error {
	ctx, cancel := context.WithCancelCause(ctx)
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for job := range jobs {
				if ctx.Err() != nil {
					return
				}
				if err := work(ctx, job); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	defer func() {
		close(jobs)
		go func() {
			wg.Wait()
			cancel(nil)
		}()
	}()
	for input := range in {
		select {
		case jobs <- input:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return context.Cause(ctx)
}

// collectEarly returns the results that are there when handOut returns,
// ascending, which for the demo's jobs is the order of the inputs.
func collectEarly(
	ctx context.Context, workers int, in inputs, work compute,
) ([]int, error) {
	var mu sync.Mutex
	var results []int
	err := handOut(ctx, workers, in,
		func(ctx context.Context, input int) error {
			result, err := work(ctx, input)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			results = append(results, result)
			return nil
		})
	mu.Lock()
	defer mu.Unlock()
	return slices.Sorted(slices.Values(results)), err
}
