package fanoutfanin

import (
	"context"
	"iter"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "fan-out-fan-in", Run: func(operations int) int {
		return sum(FanOut(context.Background(), 4, 100, upTo(operations), low))
	}},
	{Name: "fan-in", Run: func(operations int) int {
		var producers []Producer[int]
		for first := range 4 {
			producers = append(producers,
				func(ctx context.Context, out chan<- int) error {
					for i := first; i < operations; i += 4 {
						if err := Send(ctx, out, i); err != nil {
							return err
						}
					}
					return nil
				})
		}
		total := 0
		for i, err := range FanIn(context.Background(), 100, producers...) {
			if err != nil {
				panic(err)
			}
			total += i & 7
		}
		return total
	}},
	{Name: "rendezvous", Run: func(operations int) int {
		return sum(FanOut(context.Background(), 4, 0, upTo(operations), low))
	}},
}

func low(_ context.Context, i int) (int, error) { return i & 7, nil }

func sum(values iter.Seq2[int, error]) int {
	total := 0
	for value, err := range values {
		if err != nil {
			panic(err)
		}
		total += value
	}
	return total
}
