// Package examples shows channels with and without a buffer.
package examples

import (
	"context"
	"maps"
	"time"

	channel "concurrencycookbook/channels/channel/go"
	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		// Room for all, as an AsyncStream has.
		"plain":    cookbook.With(handover, func(in *items) { in.Capacity = len(in.Pauses) }),
		"handover": cookbook.With(handover),
		"delay":    cookbook.Plain(delays),
	},
	Wrong: map[string]cookbook.Example{
		"handover/oneTooMany": cookbook.With(
			handover, func(in *items) { in.Capacity++ }),
	},
	Workloads: []cookbook.Workload{
		channel.Passing("capacity-0", 1, 1, 0),
		channel.Passing("capacity-1", 1, 1, 1),
		channel.Passing("capacity-16", 1, 1, 16),
		channel.Passing("capacity-1024", 1, 1, 1_024),
	},
}

func init() { maps.Copy(Room.Examples, cookbook.Cells(operations, capacities)) }

type items struct {
	Capacity     int
	Pauses, Uses []int
}

func handover(ctx context.Context, stage cookbook.Stage, in items) error {
	items, sink := stage.Source(ctx, "item", in.Pauses), stage.Sink("use", in.Uses)
	sent := func(item int) { stage.Say("sent", item) }
	use := func(item int) { _ = sink(ctx, item) }
	capacity := in.Capacity
	// #region handover
	ch := make(chan int, capacity)
	go func() {
		defer close(ch)
		for item := range items {
			ch <- item
			sent(item)
		}
	}()
	for item := range ch {
		use(item)
	}
	// #endregion
	return nil
}

// delays says how many milliseconds the last item waits for a slow receiver.
func delays(_ context.Context, fmt cookbook.Stage) error {
	for _, capacity := range []int{0, 1, 16} {
		ch := make(chan time.Time, capacity)
		go func() {
			defer close(ch)
			for range capacity + 4 {
				ch <- time.Now()
			}
		}()
		var delay time.Duration
		for made := range ch {
			delay = time.Since(made)
			time.Sleep(time.Millisecond)
		}
		fmt.Println(delay.Milliseconds())
	}
	return nil
}

var capacities = map[string]func() int{
	"0": func() int { return 0 },
	"1": func() int { return 1 },
	"2": func() int { return 2 },
}

var operations = map[string]func(cookbook.Lane, int){
	"send-one-first": sendFirst(1),
	"send-two-first": sendFirst(2),
}

// sendFirst sends before it receives.
func sendFirst(count int) func(cookbook.Lane, int) {
	return func(fmt cookbook.Lane, capacity int) {
		ch := make(chan int, capacity)
		for item := range count {
			ch <- item + 1
		}
		for range count {
			fmt.Println(<-ch)
		}
	}
}
