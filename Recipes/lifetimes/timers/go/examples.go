// Package examples shows timers and tickers, and what they leave behind.
package examples

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"limit":    cookbook.With(limit),
		"ticks":    cookbook.With(ticks),
		"ticker":   cookbook.With(ticker),
		"debounce": cookbook.With(debounce),
		"reset":    cookbook.With(debounce), // Swift has another way, too
		"sleeps":   cookbook.With(sleeps),
		"stop":     cookbook.Plain(stop),
	},
	Wrong: map[string]cookbook.Example{
		"limit/limitForEach": cookbook.With(limitForEach),
	},
	Measurements: measurements,
	Workloads:    workloads,
}

type keys struct {
	Pauses []int
	Wait   int
}

func (in keys) wait() time.Duration { return cookbook.Milliseconds(in.Wait) }

// channel sends numbers after pauses, and closes the channel. The goroutine has
// ended when stop returns.
func channel(
	ctx context.Context, stage cookbook.Stage, lane string, pauses []int,
) (_ <-chan int, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	numbers := make(chan int)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(numbers)
		for number := range stage.Source(ctx, lane, pauses) {
			select {
			case numbers <- number:
			case <-ctx.Done():
				return
			}
		}
	})
	return numbers, func() { cancel(); wg.Wait() }
}

func limit(ctx context.Context, fmt cookbook.Stage, in keys) error {
	messages, stop := channel(ctx, fmt, "message", in.Pauses)
	defer stop()
	limit := in.wait()
	// #region limit
	timeout := time.After(limit) // once, before the loop
	for {
		select {
		case message, ok := <-messages:
			if !ok {
				return ctx.Err()
			}
			fmt.Println(message)
		case <-timeout:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
}

func limitForEach(ctx context.Context, fmt cookbook.Stage, in keys) error {
	messages, stop := channel(ctx, fmt, "message", in.Pauses)
	defer stop()
	limit := in.wait()
	// #region limit-for-each
	for {
		select {
		case message, ok := <-messages:
			if !ok {
				return ctx.Err()
			}
			fmt.Println(message)
		case <-time.After(limit): // a new limit each time
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
}

type beats struct {
	Period int
	Work   []int
}

func (in beats) report(stage cookbook.Stage) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		return stage.Work(ctx, fmt.Sprint("report ", n), in.Work[n], false)
	}
}

func ticks(ctx context.Context, stage cookbook.Stage, in beats) error {
	period, reports := cookbook.Milliseconds(in.Period), in.Work
	for n := range in.Work {
		in.Work[n] %= in.Period // a slow one is what ticker is about
	}
	report := in.report(stage)
	// #region ticks
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for n := range reports {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := report(ctx, n); err != nil {
			return err
		}
	}
	// #endregion
	return nil
}

func ticker(ctx context.Context, stage cookbook.Stage, in beats) error {
	period, count, report := cookbook.Milliseconds(in.Period), len(in.Work), in.report(stage)
	// #region ticker
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for n := range count {
		select {
		case <-ticker.C:
			if err := report(ctx, n); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
	return nil
}

func debounce(ctx context.Context, stage cookbook.Stage, in keys) error {
	keys, stop := channel(ctx, stage, "key", append([]int{0}, in.Pauses...))
	defer stop()
	quiet, last := in.wait(), -1
	save := func(key int) { stage.Say("file", key) }
	// #region debounce
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		select {
		case key, ok := <-keys:
			if !ok {
				return ctx.Err()
			}
			last = key
			timer.Reset(quiet) // from Go 1.23 on, nothing to drain
		case <-timer.C:
			save(last)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
}

func sleeps(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	in.Come(ctx, stage, func(ctx context.Context, task int) error {
		delay := cookbook.Milliseconds(cookbook.At(in.Holds, task, 0))
		lane := fmt.Sprint("task ", task)
		return stage.Busy(lane, func() error {
			if err := sleep(ctx, delay); err != nil {
				return err
			}
			if slices.Contains(in.Failing, task) {
				return errors.New(lane + " failed")
			}
			return nil
		})
	})
	return nil
}

func sleep(ctx context.Context, delay time.Duration) error {
	// #region sleeps
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	// #endregion
}

func stop(_ context.Context, fmt cookbook.Stage) error {
	const ms = time.Millisecond
	// #region stop
	timer := time.AfterFunc(10*ms, func() { fmt.Println("fires") })
	fmt.Println(timer.Stop())         // true: it was waiting
	fmt.Println(timer.Stop())         // false
	fmt.Println(timer.Reset(10 * ms)) // false
	fmt.Println(timer.Reset(20 * ms)) // true
	time.Sleep(30 * ms)
	fmt.Println(timer.Stop())         // false: it has fired
	fmt.Println(timer.Reset(10 * ms)) // false, and it fires again
	// #endregion
	time.Sleep(20 * ms)
	return nil
}
