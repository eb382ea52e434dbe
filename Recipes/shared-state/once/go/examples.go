// Package examples shows what runs once, and what a once guarantees.
package examples

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

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
		"recursion":   cookbook.Plain(recursion),
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

type callers struct {
	Arrivals, Runs []int
	Failures       int
	CancelFirst    *int
}

type work func(context.Context) (int, error)

// ask has tasks ask for a value, each at its moment: that of the work is the
// number of the run.
func (in callers) ask(
	ctx context.Context, stage cookbook.Stage, newValue func(load work) work,
) error {
	var runs atomic.Int64
	value := newValue(func(ctx context.Context) (int, error) {
		run := int(runs.Add(1) - 1)
		ms := 0
		if len(in.Runs) > 0 {
			ms = in.Runs[min(run, len(in.Runs)-1)]
		}
		lane := fmt.Sprint("run ", run)
		return run, stage.Work(ctx, lane, ms, run < in.Failures)
	})
	visits := cookbook.Visits{Arrivals: in.Arrivals}
	if in.CancelFirst != nil {
		visits.Patience = []int{*in.CancelFirst}
	}
	visits.Come(ctx, stage, func(ctx context.Context, task int) error {
		lane := fmt.Sprint("task ", task)
		return stage.Busy(lane, func() error {
			got, err := value(ctx)
			if err == nil {
				stage.Say(lane, got)
			}
			return err
		})
	})
	return nil
}

func onceValues(ctx context.Context, stage cookbook.Stage) error {
	in := callers{Arrivals: []int{0, 10, 60}, Runs: []int{40}}
	return in.ask(ctx, stage, func(work work) work {
		load := func() (int, error) { return work(ctx) }
		// #region onceValues
		config := sync.OnceValues(load)
		// #endregion
		return func(context.Context) (int, error) { return config() }
	})
}

func value(ctx context.Context, stage cookbook.Stage, in callers) error {
	return in.ask(ctx, stage, func(load work) work {
		// #region value
		config := once.New(load)
		return config.Value
		// #endregion
	})
}

func withoutOnce(ctx context.Context, stage cookbook.Stage, in callers) error {
	return in.ask(ctx, stage, func(load work) work { return load })
}

// firstFails calls each twice; the first work fails.
func firstFails(_ context.Context, stage cookbook.Stage) error {
	fail := func() { panic("no network") }
	var do sync.Once
	value := sync.OnceValue(func() int { fail(); return 0 })
	values := sync.OnceValues(func() (int, error) {
		return 0, errors.New("no network")
	})
	for _, call := range []string{" 1", " 2"} {
		stage.Attempt("Do"+call, func() error { do.Do(fail); return nil })
		stage.Attempt("OnceValue"+call, func() error { value(); return nil })
		stage.Attempt("OnceValues"+call, func() error {
			_, err := values()
			return err
		})
	}
	return nil
}

func recursion(ctx context.Context, _ cookbook.Stage) error {
	var again *once.Once[int]
	again = once.New(func(ctx context.Context) (int, error) {
		return again.Value(ctx)
	})
	_, err := again.Value(ctx)
	return err
}
