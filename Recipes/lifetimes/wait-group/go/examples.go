// Package examples shows how sync.WaitGroup works.
package examples

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":               cookbook.With(plain),
		"two":                 cookbook.Plain(two),
		"handles":             cookbook.With(handles),
		"wait":                cookbook.With(wait),
		"wait-inside":         cookbook.Plain(waitInside),
		"wait-on-zero":        cookbook.Plain(waitOnZero),
		"done-forgotten":      cookbook.Plain(doneForgotten),
		"done-twice":          cookbook.Plain(doneTwice),
		"reuse":               cookbook.Plain(reuse),
		"reuse-too-early":     cookbook.Plain(reuseTooEarly),
		"nested":              cookbook.Plain(nested),
		"wait-before-receive": cookbook.Plain(waitBeforeReceive),
	},
	Wrong: map[string]cookbook.Example{
		"plain/addInside": cookbook.With(addInside),
	},
}

// The caller starts the goroutines.

type jobs struct {
	Jobs []int
}

func (in jobs) run(ctx context.Context, stage cookbook.Stage) func(job int) {
	return func(job int) {
		_ = stage.Work(ctx, fmt.Sprint("job ", job), in.Jobs[job], false)
	}
}

func plain(ctx context.Context, fmt cookbook.Stage, in jobs) error {
	jobs, run := in.Jobs, in.run(ctx, fmt)
	// #region plain
	var wg sync.WaitGroup
	for job := range jobs {
		wg.Go(func() { run(job) })
	}
	wg.Wait()
	fmt.Println("all done")
	// #endregion
	return nil
}

func two(ctx context.Context, stage cookbook.Stage) error {
	count := func(things int) int {
		_ = stage.Work(ctx, fmt.Sprint("count ", things), things, false)
		return things
	}
	left, right, fmt := 30, 50, stage
	// #region two
	var wg sync.WaitGroup
	var lines int
	wg.Go(func() { lines = count(left) })
	words := count(right)
	wg.Wait()
	fmt.Println(lines + words)
	// #endregion
	return nil
}

func addInside(ctx context.Context, stage cookbook.Stage, in jobs) error {
	run := in.run(ctx, stage)
	var wg sync.WaitGroup
	counted := func(job int) {
		wg.Add(1)
		defer wg.Done()
		run(job)
	}
	for job := range in.Jobs {
		go counted(job)
	}
	wg.Wait()
	stage.Println("all done")
	return nil
}

// Somebody else starts the goroutines.

type waits struct {
	Jobs, Failing, Arrivals, Patience []int
}

// areAwaited starts the jobs, which nobody cancels, lets others come and wait
// for them, each at its moment, and returns when all jobs have ended.
func (in waits) areAwaited(
	ctx context.Context, stage cookbook.Stage,
	wait func(ctx context.Context, wg *sync.WaitGroup) error,
) error {
	handle := func(request int) {
		lane, fails := fmt.Sprint("job ", request), slices.Contains(in.Failing, request)
		_ = stage.Work(context.WithoutCancel(ctx), lane, in.Jobs[request], fails)
	}
	requests := len(in.Jobs)
	// #region start
	var wg sync.WaitGroup
	for request := range requests {
		wg.Add(1)
		go func() {
			defer wg.Done()
			handle(request)
		}()
	}
	// #endregion
	visits := cookbook.Visits{Arrivals: in.Arrivals, Patience: in.Patience}
	visits.Come(ctx, stage, func(ctx context.Context, _ int) error {
		return wait(ctx, &wg)
	})
	wg.Wait()
	return nil
}

func handles(ctx context.Context, stage cookbook.Stage, in waits) error {
	return in.areAwaited(ctx, stage, func(_ context.Context, wg *sync.WaitGroup) error {
		// #region handles
		wg.Wait()
		// #endregion
		return nil
	})
}

func wait(ctx context.Context, stage cookbook.Stage, in waits) error {
	return in.areAwaited(ctx, stage, func(ctx context.Context, wg *sync.WaitGroup) error {
		// #region wait
		done := make(chan struct{})
		go func() {
			wg.Wait()
			close(done)
		}()
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		// #endregion
	})
}

// Mistakes, and what looks like one.

func waitInside(context.Context, cookbook.Stage) error {
	var wg sync.WaitGroup
	wg.Go(func() { wg.Wait() })
	wg.Wait()
	return nil
}

func waitOnZero(context.Context, cookbook.Stage) error {
	var wg sync.WaitGroup
	wg.Wait()
	return nil
}

func doneForgotten(context.Context, cookbook.Stage) error {
	var wg sync.WaitGroup
	wg.Add(2)
	wg.Done()
	wg.Wait()
	return nil
}

func doneTwice(context.Context, cookbook.Stage) error {
	var wg sync.WaitGroup
	wg.Add(1)
	wg.Done()
	wg.Done()
	return nil
}

func reuse(_ context.Context, stage cookbook.Stage) error {
	var wg sync.WaitGroup
	for round := range 2 {
		wg.Go(func() { stage.Say("job", round+1) })
		wg.Wait()
	}
	return nil
}

func reuseTooEarly(ctx context.Context, stage cookbook.Stage) error {
	var wg, waiter sync.WaitGroup
	wg.Add(1)
	waiter.Go(func() {
		stage.Attempt("waiter", func() error {
			wg.Wait()
			return nil
		})
	})
	_ = stage.Sleep(ctx, 1)
	wg.Done()
	wg.Add(1)
	_ = stage.Sleep(ctx, 1)
	wg.Done()
	waiter.Wait()
	return nil
}

func nested(_ context.Context, fmt cookbook.Stage) error {
	// #region nested
	var wg sync.WaitGroup
	wg.Go(func() {
		fmt.Println("a job")
		wg.Go(func() { fmt.Println("a job of the job") })
	})
	wg.Wait()
	// #endregion
	return nil
}

func waitBeforeReceive(_ context.Context, stage cookbook.Stage) error {
	results := make(chan int)
	var wg sync.WaitGroup
	for job := range 2 {
		wg.Go(func() { results <- job + 1 })
	}
	wg.Wait()
	close(results)
	sum := 0
	for result := range results {
		sum += result
	}
	stage.Println(sum)
	return nil
}
