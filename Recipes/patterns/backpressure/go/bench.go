package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "suspend", Run: func(operations int) int {
		return transfer(operations, func(item int) int { return item & 7 })
	}},
	{Name: "slow-consumer", Run: func(operations int) int {
		return transfer(operations,
			func(item int) int { return cookbook.Compute(item, 7_000) })
	}},
	{Name: "drop-oldest", Run: func(operations int) int {
		items := make(chan int, 64)
		sum := 0
		for item := range operations {
			if lost, dropped := backpressure.Push(items, item); dropped {
				sum += lost & 7
			}
		}
		close(items)
		for item := range items {
			sum += item & 7
		}
		return sum
	}},
}

func transfer(operations int, use func(int) int) int {
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
