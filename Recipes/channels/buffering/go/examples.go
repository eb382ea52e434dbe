// Package examples shows channels with and without a buffer.
package examples

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"time"

	channel "concurrencycookbook/channels/channel/go"
	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":    cookbook.With(plain),
		"handover": cookbook.With(handover),
		"delay":    cookbook.Plain(delays),
	},
	Wrong: map[string]cookbook.Example{
		"handover/oneTooMany": cookbook.With(oneTooMany),
	},
	Workloads: workloads(),
}

func init() { maps.Copy(Room.Examples, cookbook.Cells(operations, capacities)) }

type items struct {
	Capacity     int
	Pauses, Uses []int
}

// perform returns the items, what says that one is sent, and what uses one.
func (in items) perform(
	ctx context.Context, stage cookbook.Stage,
) (items iter.Seq[int], sent, use func(item int)) {
	sink := stage.Sink("use", in.Uses)
	return stage.Source(ctx, "item", in.Pauses),
		func(item int) { stage.Say("sent", item) },
		func(item int) { _ = sink(ctx, item) }
}

// plain has room for all, as an AsyncStream has.
func plain(ctx context.Context, stage cookbook.Stage, in items) error {
	in.Capacity = len(in.Pauses)
	return handover(ctx, stage, in)
}

func oneTooMany(ctx context.Context, stage cookbook.Stage, in items) error {
	in.Capacity++
	return handover(ctx, stage, in)
}

func handover(ctx context.Context, stage cookbook.Stage, in items) error {
	items, sent, use := in.perform(ctx, stage)
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

// delays says for how many milliseconds the last item waits where the receiver
// is slow.
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

func workloads() (all []cookbook.Workload) {
	for _, capacity := range []int{0, 1, 16, 1_024} {
		all = append(all, cookbook.Workload{
			Name: fmt.Sprint("capacity-", capacity),
			Run: func(count int) int {
				return channel.Pass(count, 1, 1, capacity)
			},
		})
	}
	return all
}
