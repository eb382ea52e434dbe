package contextcancellation

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "timeouts", Run: func(operations int) int {
		sum := 0
		for operation := range operations {
			// Its own goroutine, as Swift's work has its own task.
			done := make(chan int, 1)
			err := WithTimeout(context.Background(), time.Hour,
				func(ctx context.Context) error {
					go func() { done <- operation & 7 }()
					select {
					case result := <-done:
						sum += result
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				})
			if err != nil {
				panic(err)
			}
		}
		return sum
	}},
	{Name: "cancelled-tree", RunFrom: func(
		operations int, stopwatch *cookbook.Stopwatch,
	) int {
		branches := max(operations/100, 1)
		var ready, cancelled atomic.Int64
		root, cancel := context.WithCancel(context.Background())
		defer cancel()
		var wg sync.WaitGroup
		for branch := range branches {
			wg.Go(func() {
				WithCancel(root, func(
					ctx context.Context, _ context.CancelFunc,
				) error {
					var wg sync.WaitGroup
					for i := branch; i < operations; i += branches {
						wg.Go(func() {
							if ready.Add(1) == int64(operations) {
								stopwatch.Restart()
								cancel()
							}
							if Pause(ctx, time.Hour) != nil {
								cancelled.Add(1)
							}
						})
					}
					wg.Wait()
					return nil
				})
			})
		}
		wg.Wait()
		return int(cancelled.Load())
	}},
}
