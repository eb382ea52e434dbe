package examples

import (
	"context"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
	taskqueue "concurrencycookbook/patterns/task-queue/go/taskqueue"
)

var workloads = []cookbook.Workload{
	{Name: "submit", Run: func(operations int) int { return through(4, 100, operations) }},
	{Name: "serial", Run: serially},
	{Name: "perform", Run: performed},
	{Name: "actor", Run: serially},
}

func serially(operations int) int { return through(1, operations, operations) }

// through lets workers range over a channel of functions.
func through(workers, capacity, operations int) int {
	var sum atomic.Int64
	jobs := make(chan func(), capacity)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for job := range jobs {
				job()
			}
		})
	}
	for job := range operations {
		jobs <- func() { sum.Add(int64(job & 7)) }
	}
	close(jobs)
	wg.Wait()
	return int(sum.Load())
}

// performed waits for the result of each job on a channel of its own.
func performed(operations int) int {
	ctx, queue := context.Background(), taskqueue.New(4, 100)
	var sum atomic.Int64
	var callers sync.WaitGroup
	run(ctx, queue, func(*taskqueue.Queue) {
		for caller := range 64 {
			callers.Go(func() {
				for job := caller; job < operations; job += 64 {
					number, err := taskqueue.Perform(ctx, queue,
						func(context.Context) (int, error) { return job & 7, nil })
					cookbook.Must(err)
					sum.Add(int64(number))
				}
			})
		}
		callers.Wait()
	})
	return int(sum.Load())
}
