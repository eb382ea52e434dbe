package examples

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "limit-8", Run: func(operations int) int {
		return tinyTasks(operations, 8)
	}},
	{Name: "no-limit", Run: func(operations int) int {
		return tinyTasks(operations, -1)
	}},
	{Name: "first-error", RunFrom: firstError},
}

func tinyTasks(count, limit int) int {
	var sum atomic.Int64
	group, _ := errgroup.WithContext(context.Background())
	group.SetLimit(limit)
	for task := range count {
		group.Go(func() error {
			sum.Add(int64(task & 7))
			return nil
		})
	}
	cookbook.Must(group.Wait())
	return int(sum.Load())
}

// firstError times what follows from an error, not how the tasks start.
func firstError(count int, stopwatch *cookbook.Stopwatch) int {
	var sum atomic.Int64
	var starting sync.WaitGroup
	starting.Add(count)
	first := errors.New("first")
	group, ctx := errgroup.WithContext(context.Background())
	for task := range count {
		group.Go(func() error {
			starting.Done()
			<-ctx.Done()
			sum.Add(int64(task & 7))
			return ctx.Err()
		})
	}
	starting.Wait()
	group.Go(func() error {
		stopwatch.Restart()
		return first
	})
	if err := group.Wait(); err != first {
		panic(err)
	}
	return int(sum.Load())
}
