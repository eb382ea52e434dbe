package examples

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "timeouts", Run: func(operations int) int {
		sum := 0
		for operation := range operations {
			_, cancel := context.WithTimeout(context.Background(), time.Hour)
			sum += operation & 7
			cancel()
		}
		return sum
	}},
	{Name: "cancelled-group", RunFrom: func(
		operations int, stopwatch *cookbook.Stopwatch,
	) int {
		var cancelled atomic.Int64
		var started, ended sync.WaitGroup
		started.Add(operations)
		ctx, cancel := context.WithCancel(context.Background())
		for range operations {
			ended.Go(func() {
				started.Done()
				if cookbook.Sleep(ctx, time.Hour) != nil {
					cancelled.Add(1)
				}
			})
		}
		started.Wait()
		stopwatch.Restart()
		cancel()
		ended.Wait()
		return int(cancelled.Load())
	}},
}
