package pipeline

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "three-stages", Run: func(n int) int { return squares(n, 1, 100) }},
	{Name: "four-workers", Run: func(n int) int { return squares(n, 4, 100) }},
	{Name: "rendezvous", Run: func(n int) int { return squares(n, 1, 0) }},
}

// squares adds up squares, in the blog's gen, sq and a loop.
func squares(operations, workers, buffer int) int {
	sum := 0
	for square, err := range Run(context.Background(),
		func(ctx context.Context, g *errgroup.Group) <-chan int {
			numbers := Gen(ctx, g, buffer, upTo(operations))
			return Stage(ctx, g, workers, buffer, numbers,
				func(_ context.Context, n int) (int, error) {
					return (n & 7) * (n & 7), nil
				})
		}) {
		if err != nil {
			panic(err)
		}
		sum += square
	}
	return sum
}

func upTo(n int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
	}
}
