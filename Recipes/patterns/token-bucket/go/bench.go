package examples

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
	rate "concurrencycookbook/patterns/token-bucket/go/tokenbucket"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "free-tokens", Run: func(operations int) int {
		quota := rate.NewLimiter(time.Nanosecond, 1_000)
		sum := 0
		for item := range operations {
			cookbook.Must(quota.Wait(context.Background()))
			sum += item & 7
		}
		return sum
	}},
	{Name: "waiting", Run: func(operations int) int {
		quota := rate.NewLimiter(time.Microsecond, 1)
		var sum atomic.Int64
		var wg sync.WaitGroup
		for first := range 4 {
			wg.Go(func() {
				for item := first; item < operations; item += 4 {
					cookbook.Must(quota.Wait(context.Background()))
					sum.Add(int64(item & 7))
				}
			})
		}
		wg.Wait()
		return int(sum.Load())
	}},
}
