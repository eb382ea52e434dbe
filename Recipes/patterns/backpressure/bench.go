package backpressure

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "suspend", Run: func(operations int) int {
		return pass(64, operations, func(item int) int { return item & 7 })
	}},
	{Name: "slow-consumer", Run: func(operations int) int {
		return pass(64, operations,
			func(item int) int { return cookbook.Compute(item, 7_000) })
	}},
	{Name: "drop-newest", Run: func(operations int) int {
		items := make(chan int, 64)
		kept := 0
		for item := range operations {
			if Offer(items, item) {
				kept++
			}
		}
		close(items)
		sum := operations - kept
		for item := range items {
			sum += item
		}
		return sum
	}},
	{Name: "drop-oldest", Run: func(operations int) int {
		items := make(chan int, 64)
		sum := 0
		for item := range operations {
			if oldest, dropped := Push(items, item); dropped {
				sum += oldest & 7
			}
		}
		close(items)
		for item := range items {
			sum += item & 7
		}
		return sum
	}},
	{Name: "free-tokens", Run: func(operations int) int {
		limiter := NewLimiter(1_000, time.Nanosecond)
		sum := 0
		for item := range operations {
			if limiter.Wait(context.Background()) == nil {
				sum += item & 7
			}
		}
		return sum
	}},
}

// pass sends items from one goroutine to another, and adds up what the
// second makes of them.
func pass(bound, operations int, use func(int) int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	items := make(chan int, bound)
	go func() {
		defer close(items)
		for item := range operations {
			if Send(ctx, items, item) != nil {
				return
			}
		}
	}()
	sum := 0
	for item := range items {
		sum += use(item)
	}
	return sum
}
