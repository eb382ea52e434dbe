package examples

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
)

var workloads = []cookbook.Workload{
	{Name: "uncontended", Run: share(1, newChannel, func() {})},
	{Name: "uncontended-weighted", Run: share(1, newWeighted, func() {})},
	{Name: "contended", Run: share(64, newChannel, func() {})},
	{Name: "contended-weighted", Run: share(64, newWeighted, func() {})},
	{Name: "handed-over", Run: share(64, newWeighted, runtime.Gosched)},
}

// share shares operations out among goroutines, and adds up their numbers.
func share(
	goroutines int, open func(n int64) gate, hold func(),
) func(operations int) int {
	return func(operations int) int {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		permits := open(4)
		var sum atomic.Int64
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				part := 0
				for n := operations * i / goroutines; n < operations*(i+1)/goroutines; n++ {
					cookbook.Must(permits.Acquire(ctx, 1))
					hold()
					permits.Release(1)
					part += n & 7
				}
				sum.Add(int64(part))
			})
		}
		wg.Wait()
		return int(sum.Load())
	}
}
