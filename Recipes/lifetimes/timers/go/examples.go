// Package examples shows timers and tickers, and what they leave behind.
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
		"limit":    cookbook.With(limit),
		"ticks":    cookbook.With(ticks),
		"ticker":   cookbook.With(ticker),
		"debounce": cookbook.With(debounce),
		"reset":    cookbook.With(reset),
		"sleeps":   cookbook.With(sleeps),
		"stop":     cookbook.Plain(stop),
		"unread":   cookbook.Plain(unread),
	},
	Wrong: map[string]cookbook.Example{
		"limit/limitForEach": cookbook.With(limitForEach),
		"ticks/drifts":       cookbook.With(drifts),
	},
	Measurements: measurements,
	Workloads:    workloads,
}

func milliseconds(ms int) time.Duration {
	return time.Duration(ms) * time.Millisecond
}

type keys struct {
	Pauses []int
	Wait   int
}

func (in keys) wait() time.Duration { return milliseconds(in.Wait) }

func (in keys) rest() int {
	if len(in.Pauses) == 0 {
		return 0
	}
	return in.Pauses[len(in.Pauses)-1]
}

// channel sends numbers after pauses, and closes the channel after a rest. The
// goroutine has ended when stop returns.
func channel(
	ctx context.Context, stage cookbook.Stage, lane string, pauses []int, rest int,
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
		_ = stage.Sleep(ctx, rest)
	})
	return numbers, func() { cancel(); wg.Wait() }
}

func (in keys) keys(
	ctx context.Context, stage cookbook.Stage,
) (<-chan int, func()) {
	pauses := append([]int{0}, in.Pauses[:max(len(in.Pauses)-1, 0)]...)
	return channel(ctx, stage, "key", pauses, in.rest())
}

func limit(ctx context.Context, fmt cookbook.Stage, in keys) error {
	messages, stop := channel(ctx, fmt, "message", in.Pauses, 0)
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
	messages, stop := channel(ctx, fmt, "message", in.Pauses, 0)
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

func (in beats) report(ctx context.Context, stage cookbook.Stage, n int) error {
	return stage.Work(ctx, fmt.Sprint("report ", n), in.Work[n], false)
}

func ticks(ctx context.Context, stage cookbook.Stage, in beats) error {
	period, reports := milliseconds(in.Period), in.Work
	report := func(ctx context.Context, n int) error {
		in.Work[n] %= in.Period // a slow one is what ticker is about
		return in.report(ctx, stage, n)
	}
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

func drifts(ctx context.Context, stage cookbook.Stage, in beats) error {
	for n := range in.Work {
		if err := stage.Sleep(ctx, in.Period); err != nil {
			return err
		}
		in.Work[n] %= in.Period
		if err := in.report(ctx, stage, n); err != nil {
			return err
		}
	}
	return nil
}

func ticker(ctx context.Context, stage cookbook.Stage, in beats) error {
	period, count, n, start := milliseconds(in.Period), len(in.Work), 0, time.Now()
	report := func(ctx context.Context, tick time.Time) error {
		stage.Say(fmt.Sprint("report ", n), tick.Sub(start).Milliseconds())
		n++
		return in.report(ctx, stage, n-1)
	}
	// #region ticker
	ticker := time.NewTicker(period)
	defer ticker.Stop()
	for range count {
		select {
		case tick := <-ticker.C:
			if err := report(ctx, tick); err != nil {
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
	keys, stop := in.keys(ctx, stage)
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

func reset(ctx context.Context, stage cookbook.Stage, in keys) error {
	keys, stop := in.keys(ctx, stage)
	defer stop()
	quiet := in.wait()
	var text atomic.Int64
	save := func() { stage.Say("file", text.Load()) }
	// #region reset
	timer := time.AfterFunc(quiet, save)
	defer timer.Stop()
	for key := range keys {
		text.Store(int64(key))
		timer.Reset(quiet)
	}
	// #endregion
	return ctx.Err()
}

func sleeps(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	in.Come(ctx, stage, func(ctx context.Context, task int) error {
		delay := time.Duration(0)
		if task < len(in.Holds) {
			delay = milliseconds(in.Holds[task])
		}
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

func unread(_ context.Context, fmt cookbook.Stage) error {
	const ms = time.Millisecond
	// #region unread
	timer := time.NewTimer(10 * ms)
	time.Sleep(20 * ms)
	fmt.Println(timer.Stop())
	select {
	case <-timer.C:
		fmt.Println("a stale tick")
	default:
		fmt.Println("nothing to receive")
	}
	fmt.Println(cap(timer.C))
	// #endregion
	return nil
}
