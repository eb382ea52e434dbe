package examples

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/semaphore"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "uncontended", Run: share(1, channelInSelect)},
	{Name: "uncontended-weighted", Run: share(1, weighted4(func() {}))},
	{Name: "contended", Run: share(64, channelInSelect)},
	{Name: "contended-weighted", Run: share(64, weighted4(func() {}))},
	{Name: "handed-over", Run: share(64, weighted4(runtime.Gosched))},
}

// An opener opens a semaphore of four permits, and returns one operation on
// it.
type opener func(ctx context.Context) func(operation int) int

func channelInSelect(ctx context.Context) func(operation int) int {
	permits := make(chan struct{}, 4)
	return func(operation int) int {
		select {
		case permits <- struct{}{}:
		case <-ctx.Done():
			return 0
		}
		value := operation & 7
		<-permits
		return value
	}
}

func weighted4(hold func()) opener {
	return func(ctx context.Context) func(operation int) int {
		permits := semaphore.NewWeighted(4)
		return func(operation int) int {
			cookbook.Must(permits.Acquire(ctx, 1))
			value := operation & 7
			hold()
			permits.Release(1)
			return value
		}
	}
}

// share shares operations out among goroutines, and adds up what they return.
func share(goroutines int, open opener) func(operations int) int {
	return func(operations int) int {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		operate := open(ctx)
		var total atomic.Int64
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				sum, end := 0, operations*(i+1)/goroutines
				for operation := operations * i / goroutines; operation < end; operation++ {
					sum += operate(operation)
				}
				total.Add(int64(sum))
			})
		}
		wg.Wait()
		return int(total.Load())
	}
}
