// Package examples shows how a producer is held back that is too fast.
package examples

import (
	"context"
	"iter"
	"sync"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":  cookbook.With(plain),
		"buffer": cookbook.With(original.buffer),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type input struct {
	WhenFull         string
	Bound, Consumers int
	Pauses, Stores   []int
}

func (in input) perform(ctx context.Context, stage cookbook.Stage) (
	sensor iter.Seq[int], store func(context.Context, int) error,
	report func(lost int),
) {
	return stage.Source(ctx, "sensor", in.Pauses), stage.Sink("reading", in.Stores),
		func(lost int) { stage.Say("dropped", lost) }
}

func plain(ctx context.Context, stage cookbook.Stage, in input) error {
	if in.WhenFull == "dropOldest" {
		return original.buffer(ctx, stage, in)
	}
	sensor, store, report := in.perform(ctx, stage)
	n := in.Bound
	// #region plain
	readings := make(chan int, n)
	go func() {
		defer close(readings)
		for reading := range sensor {
			select {
			case readings <- reading:
			default:
				report(reading)
			}
		}
	}()
	for reading := range readings {
		if err := store(ctx, reading); err != nil {
			return err
		}
	}
	// #endregion
	return ctx.Err()
}

// forms holds the functions of the package, or others in their place.
type forms struct {
	Send  func(context.Context, chan<- int, int) error
	Offer func(chan<- int, int) bool
	Push  func(chan int, int) (int, bool)
}

var original = forms{
	backpressure.Send[int], backpressure.Offer[int], backpressure.Push[int],
}

func (backpressure forms) buffer(
	ctx context.Context, stage cookbook.Stage, in input,
) error {
	sensor, store, report := in.perform(ctx, stage)
	n, whenFull, consumers := in.Bound, in.WhenFull, in.Consumers
	// #region buffer
	readings := make(chan int, n)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(readings)
		for reading := range sensor {
			switch whenFull {
			case "suspend":
				if backpressure.Send(ctx, readings, reading) != nil {
					return
				}
			case "dropNewest":
				if !backpressure.Offer(readings, reading) {
					report(reading)
				}
			case "dropOldest":
				if lost, ok := backpressure.Push(readings, reading); ok {
					report(lost)
				}
			}
		}
	})
	for range consumers {
		wg.Go(func() {
			for reading := range readings {
				if store(ctx, reading) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	// #endregion
	return ctx.Err()
}

var workloads = []cookbook.Workload{
	{Name: "suspend", Run: func(operations int) int {
		ctx := context.Background()
		items := make(chan int, 64)
		go func() {
			defer close(items)
			for item := range operations {
				cookbook.Must(backpressure.Send(ctx, items, item))
			}
		}()
		sum := 0
		for item := range items {
			sum += item & 7
		}
		return sum
	}},
	{Name: "drop-oldest", Run: func(operations int) int {
		items := make(chan int, 64)
		sum := 0
		for item := range operations {
			if lost, dropped := backpressure.Push(items, item); dropped {
				sum += lost & 7
			}
		}
		close(items)
		for item := range items {
			sum += item & 7
		}
		return sum
	}},
}
