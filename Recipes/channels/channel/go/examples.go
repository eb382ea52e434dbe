// Package examples shows how Go's channels are used.
package examples

import (
	"context"
	"fmt"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":    cookbook.With(plain),
		"jobs":     cookbook.With(buffered),
		"meetings": cookbook.With(original.run),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type jobs struct {
	Capacity int   `json:"capacity"`
	Jobs     []int `json:"jobs"`
	Use      int   `json:"use"`
}

// perform returns the number of jobs, and what makes and what uses one.
func (in jobs) perform(
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

// plain has room for all, as an AsyncStream has.
func plain(ctx context.Context, stage cookbook.Stage, in jobs) error {
	in.Capacity = len(in.Jobs)
	return buffered(ctx, stage, in)
}

func buffered(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, produce, consume := in.perform(ctx, stage)
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
	Capacity int   `json:"capacity"`
	Sends    []int `json:"sends"`
	Receives []int `json:"receives"`
	Closes   []int `json:"closes"`
	Patience int   `json:"patience"`
}

// Operations are what tasks do to a channel.
type operations struct {
	open    func(capacity int) chan int
	send    func(ctx context.Context, ch chan<- int, value int) error
	receive func(ctx context.Context, ch <-chan int) (int, bool, error)
	close   func(ch chan int)
}

var original = operations{
	open:    func(capacity int) chan int { return make(chan int, capacity) },
	send:    send,
	receive: receive,
	close:   func(ch chan int) { close(ch) },
}

// #region send
func send(ctx context.Context, ch chan<- int, value int) error {
	select {
	case ch <- value:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// #endregion

func receive(ctx context.Context, ch <-chan int) (int, bool, error) {
	select {
	case value, ok := <-ch:
		return value, ok, nil
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
}

func (o operations) run(
	ctx context.Context, stage cookbook.Stage, in meetings,
) error {
	ch := o.open(in.Capacity)
	var wg sync.WaitGroup
	start := func(
		kind string, at []int, act func(context.Context, int) (string, error),
	) {
		for i, ms := range at {
			lane := fmt.Sprint(kind, " ", i)
			wg.Go(func() {
				if stage.Sleep(ctx, ms) != nil {
					return
				}
				_ = stage.Busy(lane, func() error {
					ctx, stop := stage.CancelAfter(ctx, lane, &in.Patience)
					defer stop()
					stage.Say(lane, outcome(func() (string, error) {
						return act(ctx, i)
					}))
					return nil
				})
			})
		}
	}
	start("send", in.Sends, func(ctx context.Context, i int) (string, error) {
		return "sent", o.send(ctx, ch, i)
	})
	start("receive", in.Receives, func(ctx context.Context, _ int) (string, error) {
		value, ok, err := o.receive(ctx, ch)
		if !ok {
			return "end", err
		}
		return fmt.Sprint("received ", value), err
	})
	start("close", in.Closes, func(context.Context, int) (string, error) {
		o.close(ch)
		return "closed", nil
	})
	wg.Wait()
	return nil
}

// outcome says what an operation came to. A send on a closed channel panics,
// and so does a second close.
func outcome(act func() (string, error)) (said string) {
	defer func() {
		if recover() != nil {
			said = "refused"
		}
	}()
	said, err := act()
	if err != nil {
		return "cancelled"
	}
	return said
}
