package examples

import (
	"context"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/pipeline/go/pipeline"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "three-stages", Run: func(n int) int { return squares(n, 1, 100) }},
	{Name: "four-workers", Run: func(n int) int { return squares(n, 4, 100) }},
	{Name: "rendezvous", Run: func(n int) int { return squares(n, 1, 0) }},
}

func squares(operations, workers, buffer int) int {
	source := func(yield func(int, error) bool) {
		for n := range operations {
			if !yield(n, nil) {
				return
			}
		}
	}
	sum := 0
	for square, err := range pipeline.Run(context.Background(),
		func(ctx context.Context, g *errgroup.Group) <-chan int {
			numbers := pipeline.Gen(ctx, g, buffer, source)
			return pipeline.Stage(ctx, g, workers, buffer, numbers,
				func(_ context.Context, n int) (int, error) {
					return (n & 7) * (n & 7), nil
				})
		}) {
		cookbook.Must(err)
		sum += square
	}
	return sum
}
