package examples

import (
	"context"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "tiny-jobs", Run: func(operations int) int {
		var sum atomic.Int64
		must(boundedpool.ForEach(context.Background(), 4, numbers(operations),
			func(_ context.Context, job int) error {
				sum.Add(int64(job & 7))
				return nil
			}))
		return int(sum.Load())
	}},
	{Name: "ordered-results", Run: func(operations int) int {
		results, err := boundedpool.Map(context.Background(), 4, numbers(operations),
			func(_ context.Context, job int) (int, error) {
				return job & 7, nil
			})
		must(err)
		sum := 0
		for _, result := range results {
			sum += result
		}
		return sum
	}},
	{Name: "results-as-they-come", Run: func(operations int) int {
		sum := 0
		must(boundedpool.Unordered(context.Background(), 4, numbers(operations),
			func(_ context.Context, job int) (int, error) {
				return job & 7, nil
			},
			func(result int) { sum += result }))
		return sum
	}},
	{Name: "computing", Run: func(operations int) int {
		var sum atomic.Int64
		must(boundedpool.ForEach(context.Background(), 4, numbers(operations),
			func(_ context.Context, job int) error {
				sum.Add(int64(compute(job)))
				return nil
			}))
		return int(sum.Load())
	}},
}

// compute is a chain of dependent steps that no compiler can shorten.
func compute(seed int) int {
	value := uint64(seed)
	for range 14_000 {
		value = value*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
		value ^= value >> 29
	}
	return int(value & 7)
}

func numbers(count int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for job := range count {
			if !yield(job) {
				return
			}
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
