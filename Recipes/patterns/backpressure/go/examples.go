// Package examples shows how to hold back a producer that is too fast.
package examples

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":      cookbook.With(plain),
		"buffer":     cookbook.With(original.buffer),
		"rate-limit": cookbook.With(newLimiter(limiter).limit),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

// input holds the fields of all examples, of which each has some.
type input struct {
	WhenFull     string `json:"whenFull"`
	Bound        int    `json:"bound"`
	Consumers    int    `json:"consumers"`
	Pauses       []int  `json:"pauses"`
	Stores       []int  `json:"stores"`
	Burst        int    `json:"burst"`
	Every        int    `json:"every"`
	Calls        []int  `json:"calls"`
	CancelSecond *int   `json:"cancelSecond"`
}

// sensor yields a number after each pause.
func (in input) sensor(ctx context.Context, stage cookbook.Stage) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, pause := range in.Pauses {
			if stage.Sleep(ctx, pause) != nil {
				return
			}
			stage.Say("sensor", i)
			if !yield(i) {
				return
			}
		}
	}
}

type consume func(ctx context.Context, i int) error

func consumer(stage cookbook.Stage, lane string, durations []int) consume {
	return func(ctx context.Context, i int) error {
		ms := 1
		if len(durations) > 0 {
			ms = durations[min(i, len(durations)-1)]
		}
		return stage.Work(ctx, fmt.Sprint(lane, " ", i), ms, false)
	}
}

func (in input) perform(
	ctx context.Context, stage cookbook.Stage,
) (sensor iter.Seq[int], store consume, report func(int)) {
	report = func(lost int) { stage.Say("dropped", lost) }
	return in.sensor(ctx, stage), consumer(stage, "reading", in.Stores), report
}

func plain(ctx context.Context, stage cookbook.Stage, in input) error {
	if in.WhenFull == "dropOldest" {
		original.pass(ctx, stage, in)
		return ctx.Err()
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

func (f forms) buffer(
	ctx context.Context, stage cookbook.Stage, in input,
) error {
	left := []int{}
	for reading := range f.pass(ctx, stage, in) {
		left = append(left, reading)
	}
	if ctx.Err() != nil {
		stage.Say("left", left)
	}
	return ctx.Err()
}

func (backpressure forms) pass(
	ctx context.Context, stage cookbook.Stage, in input,
) chan int {
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
	return readings
}

// A waiter is what the example asks of a limiter.
type waiter interface {
	Wait(ctx context.Context) error
}

type newLimiter func(every time.Duration, burst int) waiter

func limiter(every time.Duration, burst int) waiter {
	return backpressure.NewLimiter(every, burst)
}

func (backpressure newLimiter) limit(
	ctx context.Context, stage cookbook.Stage, in input,
) error {
	every, burst := time.Duration(in.Every)*time.Millisecond, in.Burst
	call := consumer(stage, "request", in.Calls)
	// #region limiter
	limiter := backpressure(every, burst)
	// #endregion
	serve := func(ctx context.Context, request int) error {
		// #region wait
		if err := limiter.Wait(ctx); err != nil {
			return err
		}
		return call(ctx, request)
		// #endregion
	}
	var wg sync.WaitGroup
	for request := range in.sensor(ctx, stage) {
		var patience *int
		if request == 1 {
			patience = in.CancelSecond
		}
		wg.Go(func() {
			lane := fmt.Sprint("request ", request)
			ctx, stop := stage.CancelAfter(ctx, lane, patience)
			defer stop()
			_ = serve(ctx, request)
		})
	}
	wg.Wait()
	return ctx.Err()
}
