package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "suspend", Run: func(operations int) int {
		return timePass(operations, func(item int) int { return item & 7 })
	}},
	{Name: "slow-consumer", Run: func(operations int) int {
		return timePass(operations,
			func(item int) int { return cookbook.Compute(item, 7_000) })
	}},
	{Name: "drop-newest", Run: func(operations int) int {
		return fill(operations, func(items chan int, item int) (int, bool) {
			return item, !backpressure.Offer(items, item)
		})
	}},
	{Name: "drop-oldest", Run: func(operations int) int {
		return fill(operations, backpressure.Push[int])
	}},
	{Name: "free-tokens", Run: func(operations int) int {
		limiter := backpressure.NewLimiter(time.Nanosecond, 1_000)
		sum := 0
		for item := range operations {
			cookbook.Must(limiter.Wait(context.Background()))
			sum += item & 7
		}
		return sum
	}},
}

func timePass(operations int, use func(int) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	items := make(chan int, 64)
	go func() {
		defer close(items)
		for item := range operations {
			cookbook.Must(backpressure.Send(ctx, items, item))
		}
	}()
	sum := 0
	for item := range items {
		sum += use(item)
	}
	return sum
}

func fill(operations int, put func(chan int, int) (int, bool)) int {
	items := make(chan int, 64)
	sum := 0
	for item := range operations {
		if lost, dropped := put(items, item); dropped {
			sum += lost & 7
		}
	}
	close(items)
	for item := range items {
		sum += item & 7
	}
	return sum
}
