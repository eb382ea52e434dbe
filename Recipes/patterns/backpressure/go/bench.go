package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

var workloads = []cookbook.Workload{
	{Name: "suspend", Run: func(operations int) int {
		ctx := context.Background()
		items := make(chan int, 64)
		go func() {
			defer close(items)
			for item := range operations {
				cookbook.Must(backpressure.Send(ctx, items, item))
			}
		}()
		sum := 0
		for item := range items {
			sum += item & 7
		}
		return sum
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
