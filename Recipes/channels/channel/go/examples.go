// Package examples shows how Go's channels are used.
package examples

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		// Room for all, as an AsyncStream has.
		"plain":    cookbook.With(buffered, func(in *Jobs) { in.Capacity = len(in.Jobs) }),
		"jobs":     cookbook.With(buffered),
		"meetings": cookbook.With(port(perform).meet),
	},
	Wrong:     wrong,
	Workloads: workloads(),
}

// Jobs are made by one goroutine, and used by another.
type Jobs struct {
	Capacity, Use int
	Jobs          []int
}

// Perform returns the number of jobs, and what makes and what uses one.
func (in Jobs) Perform(
	ctx context.Context, stage cookbook.Stage,
) (n int, produce func(job int) int, consume func(job int)) {
	produce = func(job int) int {
		_ = stage.Work(ctx, "producer", in.Jobs[job], false)
		return job
	}
	consume = func(job int) {
		_ = stage.Work(ctx, "consumer", in.Use, false)
		stage.Say("consumer", job)
	}
	return len(in.Jobs), produce, consume
}

func buffered(ctx context.Context, stage cookbook.Stage, in Jobs) error {
	n, produce, consume := in.Perform(ctx, stage)
	capacity := in.Capacity
	// #region jobs
	jobs := make(chan int, capacity)
	go func() {
		defer close(jobs)
		for job := range n {
			jobs <- produce(job)
		}
	}()
	for job := range jobs {
		consume(job)
	}
	// #endregion
	return nil
}

type meetings struct {
	Capacity                int
	Sends, Receives, Closes []int
	Patience                *int
}

type operation struct {
	ctx   context.Context
	ch    chan int
	verb  string
	value int
}

// A port performs an operation, and says what it came to.
type port func(operation) (said string)

func perform(o operation) (said string) {
	// A send on a closed channel panics, and so does a second close.
	defer func() {
		if recover() != nil {
			said = "refused"
		}
	}()
	switch o.verb {
	case "send":
		select {
		case o.ch <- o.value:
			return "sent"
		case <-o.ctx.Done():
			return "cancelled"
		}
	case "receive":
		select {
		case value, ok := <-o.ch:
			if !ok {
				return "end"
			}
			return fmt.Sprint("received ", value)
		case <-o.ctx.Done():
			return "cancelled"
		}
	default:
		close(o.ch)
		return "closed"
	}
}

// meet runs a task for each moment.
func (p port) meet(ctx context.Context, stage cookbook.Stage, in meetings) error {
	ch := make(chan int, in.Capacity)
	var wg sync.WaitGroup
	for verb, at := range map[string][]int{
		"send": in.Sends, "receive": in.Receives, "close": in.Closes,
	} {
		for i, ms := range at {
			lane := fmt.Sprint(verb, " ", i)
			wg.Go(func() {
				if stage.Sleep(ctx, ms) != nil {
					return
				}
				_ = stage.Busy(lane, func() error {
					ctx, stop := stage.CancelAfter(ctx, lane, in.Patience)
					defer stop()
					stage.Say(lane, p(operation{ctx, ch, verb, i}))
					return nil
				})
			})
		}
	}
	wg.Wait()
	return nil
}

func workloads() (all []cookbook.Workload) {
	for _, shape := range []struct {
		name               string
		senders, receivers int
	}{
		{"one-to-one", 1, 1}, {"many-to-one", 5, 1}, {"one-to-many", 1, 5},
		{"many-to-many", 5, 5}, {"write-contention", 1_000, 1},
	} {
		for name, capacity := range map[string]int{"": 0, "-buffered": 100} {
			all = append(all, Passing(
				shape.name+name, shape.senders, shape.receivers, capacity))
		}
	}
	all = append(all, cookbook.Neighbours(func(isDone *atomic.Bool) {
		ch := make(chan int)
		go func() {
			defer close(ch)
			for !isDone.Load() {
				ch <- 0
			}
		}()
		for range ch {
		}
	})...)
	return append(all, cookbook.Workload{
		Name: "single-p99", Percent: 99, Delays: single,
	})
}

// single receives elements that come alone.
func single(count int) (delays []time.Duration) {
	ch := make(chan time.Time, 100)
	go func() {
		for range count {
			for began := time.Now(); time.Since(began) < 20*time.Microsecond; {
			}
			ch <- time.Now()
		}
		close(ch)
	}()
	for sent := range ch {
		delays = append(delays, time.Since(sent))
	}
	return delays
}

// Passing lets elements go from senders to receivers, and returns their sum.
func Passing(name string, senders, receivers, capacity int) cookbook.Workload {
	return cookbook.Workload{Name: name, Run: func(count int) (sum int) {
		ch, sums := make(chan int, capacity), make(chan int)
		var sending sync.WaitGroup
		for sender := range senders {
			sending.Go(func() {
				for element := sender; element < count; element += senders {
					ch <- element & 7
				}
			})
		}
		for range receivers {
			go func() {
				sum := 0
				for element := range ch {
					sum += element
				}
				sums <- sum
			}()
		}
		sending.Wait()
		close(ch)
		for range receivers {
			sum += <-sums
		}
		return sum
	}}
}
