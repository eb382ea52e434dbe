package semaphore

import (
	"context"
	"runtime"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "uncontended", Run: func(operations int) int {
		permits := NewChannel(4)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		sum := 0
		for operation := range operations {
			must(permits.Acquire(ctx, 1))
			sum += operation & 7
			permits.Release(1)
		}
		return sum
	}},
	{Name: "uncontended-plain", Run: func(operations int) int {
		permits := make(chan struct{}, 4)
		sum := 0
		for operation := range operations {
			permits <- struct{}{}
			sum += operation & 7
			<-permits
		}
		return sum
	}},
	{Name: "uncontended-weighted", Run: func(operations int) int {
		permits := NewWeighted(4)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		sum := 0
		for operation := range operations {
			must(permits.Acquire(ctx, 1))
			sum += operation & 7
			permits.Release(1)
		}
		return sum
	}},
	{Name: "contended", Run: func(operations int) int {
		permits := NewChannel(4)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return visits(64, operations, func(operation int) int {
			must(permits.Acquire(ctx, 1))
			value := operation & 7
			permits.Release(1)
			return value
		})
	}},
	{Name: "contended-plain", Run: func(operations int) int {
		permits := make(chan struct{}, 4)
		return visits(64, operations, func(operation int) int {
			permits <- struct{}{}
			value := operation & 7
			<-permits
			return value
		})
	}},
	{Name: "contended-weighted", Run: func(operations int) int {
		permits := NewWeighted(4)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return visits(64, operations, func(operation int) int {
			must(permits.Acquire(ctx, 1))
			value := operation & 7
			permits.Release(1)
			return value
		})
	}},
	{Name: "handed-over", Run: func(operations int) int {
		permits := NewWeighted(4)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		return visits(64, operations, func(operation int) int {
			must(permits.Acquire(ctx, 1))
			value := operation & 7
			runtime.Gosched()
			permits.Release(1)
			return value
		})
	}},
}

// visits shares the operations out among goroutines and adds up what
// they return.
func visits(goroutines, operations int, visit func(operation int) int) int {
	var wg sync.WaitGroup
	sums := make([]int, goroutines)
	for i := range goroutines {
		wg.Go(func() {
			sum := 0
			end := operations * (i + 1) / goroutines
			for operation := operations * i / goroutines; operation < end; operation++ {
				sum += visit(operation)
			}
			sums[i] = sum
		})
	}
	wg.Wait()
	total := 0
	for _, sum := range sums {
		total += sum
	}
	return total
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
