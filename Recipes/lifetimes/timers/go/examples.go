// Package examples shows timers and tickers, and what they leave behind.
package examples

import (
	"context"
	"fmt"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"limit":    cookbook.With(limit),
		"ticks":    cookbook.With(quick),
		"ticker":   cookbook.With(ticker),
		"debounce": cookbook.With(debounce),
		"reset":    cookbook.With(debounce), // Swift has another way, too
		"sleeps":   cookbook.With(sleeps),
		"stop":     cookbook.Plain(stop),
	},
	Wrong: map[string]cookbook.Example{
		"limit/limitForEach": cookbook.With(limitForEach),
	},
	Workloads: workloads,
}

type times struct {
	Times  []int
	Period int
}

func (in times) wait() time.Duration { return cookbook.Milliseconds(in.Period) }

func (in times) report(stage cookbook.Stage) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		return stage.Work(ctx, fmt.Sprint("report ", n), in.Times[n], false)
	}
}

func limit(ctx context.Context, fmt cookbook.Stage, in times) error {
	messages, stop := fmt.Channel(ctx, "message", in.Times)
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

func limitForEach(ctx context.Context, fmt cookbook.Stage, in times) error {
	messages, stop := fmt.Channel(ctx, "message", in.Times)
	defer stop()
	limit := in.wait()
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
}

// quick is ticker for reports that are shorter than the period.
func quick(ctx context.Context, stage cookbook.Stage, in times) error {
	for n := range in.Times {
		in.Times[n] %= in.Period
	}
	return ticker(ctx, stage, in)
}

func ticker(ctx context.Context, stage cookbook.Stage, in times) error {
	period, count, report := in.wait(), len(in.Times), in.report(stage)
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

func debounce(ctx context.Context, stage cookbook.Stage, in times) error {
	keys, stop := stage.Channel(ctx, "key", in.Times)
	defer stop()
	quiet, last := in.wait(), -1
	save := func(key int) { stage.Say("file", key) }
	// #region debounce
	timer := time.NewTimer(quiet)
	timer.Stop() // until the first key
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
		return in.Hold(ctx, stage, task)
	})
	return nil
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
