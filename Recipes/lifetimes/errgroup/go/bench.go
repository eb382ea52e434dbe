package examples

import (
	"context"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

var workloads = []cookbook.Workload{
	{Name: "limit-8", Run: func(operations int) int {
		return tinyTasks(operations, 8)
	}},
	{Name: "no-limit", Run: func(operations int) int {
		return tinyTasks(operations, -1)
	}},
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
