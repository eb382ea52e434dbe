// Package examples shows what runs once, and what a once guarantees.
package examples

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/shared-state/once/go/once"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":       cookbook.Plain(plain),
		"stored-task": cookbook.Plain(onceValues),
		"value":       cookbook.With(value),
		"first-fails": cookbook.Plain(firstFails),
	},
	Wrong: map[string]cookbook.Example{
		"value/withoutOnce": cookbook.With(withoutOnce),
	},
}

func plain(_ context.Context, fmt cookbook.Stage) error {
	loads := 0
	load := func() string {
		loads++
		return "config"
	}
	// #region plain
	config := sync.OnceValue(load)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { fmt.Println(config()) })
	}
	wg.Wait()
	// #endregion
	fmt.Println(loads)
	return nil
}

func onceValues(_ context.Context, fmt cookbook.Stage) error {
	load := func() (int, error) {
		fmt.Say("load", "runs")
		time.Sleep(10 * time.Millisecond)
		return 1, nil
	}
	// #region onceValues
	config := sync.OnceValues(load)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if value, err := config(); err == nil {
				fmt.Println(value)
			}
		})
	}
	wg.Wait()
	// #endregion
	return nil
}

// callers ask for a value, each at its moment.
type callers struct {
	Arrivals    []int `json:"arrivals"`
	Runs        []int `json:"runs"`
	Failures    int   `json:"failures"`
	CancelFirst *int  `json:"cancelFirst"`
}

type work func(context.Context) (int, error)

// perform returns the work, whose value is the number of the run, and the
// callers: each gets the value from what it is given.
func (in callers) perform(
	ctx context.Context, stage cookbook.Stage,
) (load work, callers []func(work)) {
	var runs atomic.Int64
	load = func(ctx context.Context) (int, error) {
		run := int(runs.Add(1) - 1)
		ms := 0
		if len(in.Runs) > 0 {
			ms = in.Runs[min(run, len(in.Runs)-1)]
		}
		lane := fmt.Sprint("run ", run)
		return run, stage.Work(ctx, lane, ms, run < in.Failures)
	}
	for index, arrival := range in.Arrivals {
		callers = append(callers, func(value work) {
			lane, ctx := fmt.Sprint("caller ", index), ctx
			if index == 0 {
				inner, stop := stage.CancelAfter(ctx, lane, in.CancelFirst)
				defer stop()
				ctx = inner
			}
			_ = stage.Sleep(ctx, arrival)
			_ = stage.Busy(lane, func() error {
				got, err := value(ctx)
				if err == nil {
					stage.Say(lane, got)
				}
				return err
			})
		})
	}
	return load, callers
}

func value(ctx context.Context, stage cookbook.Stage, in callers) error {
	load, callers := in.perform(ctx, stage)
	// #region value
	config := once.New(load)
	var wg sync.WaitGroup
	for _, caller := range callers {
		wg.Go(func() { caller(config.Value) })
	}
	wg.Wait()
	// #endregion
	return nil
}

func withoutOnce(ctx context.Context, stage cookbook.Stage, in callers) error {
	load, callers := in.perform(ctx, stage)
	var wg sync.WaitGroup
	for _, caller := range callers {
		wg.Go(func() { caller(load) })
	}
	wg.Wait()
	return nil
}

// firstFails calls each of Go's three twice; the first work fails.
func firstFails(_ context.Context, stage cookbook.Stage) error {
	var once sync.Once
	value := sync.OnceValue(func() int { panic("no network") })
	values := sync.OnceValues(func() (int, error) {
		return 0, errors.New("no network")
	})
	for _, call := range []string{" 1", " 2"} {
		stage.Attempt("Do"+call, func() error {
			once.Do(func() { panic("no network") })
			return nil
		})
		stage.Attempt("OnceValue"+call, func() error {
			value()
			return nil
		})
		stage.Attempt("OnceValues"+call, func() error {
			_, err := values()
			return err
		})
	}
	return nil
}
