// Package examples shows how one channel is preferred to another.
package examples

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	priorityselect "concurrencycookbook/channels/priority-select/go/priorityselect"
	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":    working(strict, unbounded),
		"strict":   working(strict, 0),
		"weighted": working(weighted, 0),
		"queue":    working(strict, unbounded),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

// unbounded is more than any input has.
const unbounded = 1_000

type jobs struct {
	High, Low   []int
	Work, Ratio int
}

type channel = <-chan string

// A worker runs one job after the other, until there are no more.
type worker func(
	ctx context.Context, in jobs, high, low channel,
	run func(job string) error,
) error

// A receive is priorityselect.Receive, or another one in its place.
type receive func(
	ctx context.Context, high, low channel,
) (job string, fromHigh, ok bool, err error)

func receiving(receive receive) worker {
	return func(
		ctx context.Context, _ jobs, high, low channel,
		run func(job string) error,
	) error {
		for high != nil || low != nil {
			job, fromHigh, ok, err := receive(ctx, high, low)
			switch {
			case ok:
				err = run(job)
			case fromHigh:
				high = nil // an ended channel would always be ready
			default:
				low = nil
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

var strict = receiving(priorityselect.Receive[string])

func weighted(
	ctx context.Context, in jobs, high, low channel,
	run func(job string) error,
) error {
	ratio := in.Ratio
	// #region weighted
	jobs := priorityselect.Weighted[string]{
		High: high, Low: low, Ratio: ratio}
	for {
		job, ok, err := jobs.Next(ctx)
		if !ok {
			return err
		}
		if err := run(job); err != nil {
			return err
		}
	}
	// #endregion
}

// working puts jobs of either kind one after the other, and lets one worker
// take them.
func working(work worker, capacity int) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in jobs,
	) error {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		put := func(kind string, pauses []int) channel {
			ch := make(chan string, capacity)
			wg.Go(func() {
				defer close(ch)
				for number, pause := range pauses {
					if stage.Sleep(ctx, pause) != nil {
						return
					}
					job := fmt.Sprint(kind, " ", number)
					stage.Come(job)
					select {
					case ch <- job:
					case <-ctx.Done():
						return
					}
				}
			})
			return ch
		}
		high, low := put("high", in.High), put("low", in.Low)
		order := []string{}
		err := work(ctx, in, high, low, func(job string) error {
			order = append(order, job)
			return stage.Work(ctx, job, in.Work, false)
		})
		if err == nil && ctx.Err() == nil {
			stage.Println(order)
		}
		return cmp.Or(err, ctx.Err())
	})
}

// Go's statement lists its cases each time.
var workloads = []cookbook.Workload{
	{Name: "strict-listed", Run: strictly},
	{Name: "strict", Run: strictly},
	{Name: "weighted", Run: func(operations int) int {
		high, low := full(operations)
		weighted := priorityselect.Weighted[int]{High: high, Low: low, Ratio: 3}
		return sum(operations, func() (int, error) {
			value, _, err := weighted.Next(context.Background())
			return value, err
		})
	}},
}

func strictly(operations int) int {
	high, low := full(operations)
	ctx := context.Background()
	return sum(operations, func() (int, error) {
		value, _, _, err := priorityselect.Receive(ctx, high, low)
		return value, err
	})
}

func full(count int) (high, low chan int) {
	high, low = make(chan int, count), make(chan int, count)
	for element := range count / 2 {
		high <- element & 7
		low <- element & 3
	}
	return high, low
}

// sum depends on the order of the values.
func sum(count int, next func() (int, error)) int {
	sum := 0
	for position := range count / 2 * 2 {
		value, err := next()
		cookbook.Must(err)
		sum += value * (position&1 + 1)
	}
	return sum
}
