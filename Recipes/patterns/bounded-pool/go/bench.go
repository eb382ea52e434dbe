package examples

import (
	"context"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
)

var workloads = []cookbook.Workload{
	{Name: "tiny-jobs", Run: func(operations int) int {
		var sum atomic.Int64
		cookbook.Must(boundedpool.ForEach(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) error {
				sum.Add(int64(job & 7))
				return nil
			}))
		return int(sum.Load())
	}},
	{Name: "ordered-results", Run: func(operations int) int {
		results, err := boundedpool.Map(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) (int, error) {
				return job & 7, nil
			})
		cookbook.Must(err)
		sum := 0
		for _, result := range results {
			sum += result
		}
		return sum
	}},
	{Name: "results-as-they-come", Run: func(operations int) int {
		sum := 0
		cookbook.Must(boundedpool.Unordered(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) (int, error) {
				return job & 7, nil
			},
			func(result int) { sum += result }))
		return sum
	}},
	{Name: "computing", Run: func(operations int) int {
		var sum atomic.Int64
		cookbook.Must(boundedpool.ForEach(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) error {
				sum.Add(int64(cookbook.Compute(job, 14_000)))
				return nil
			}))
		return int(sum.Load())
	}},
}
