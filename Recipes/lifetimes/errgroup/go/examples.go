// Package examples shows how golang.org/x/sync/errgroup is used.
package examples

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":      cookbook.With(plain),
		"limit":      cookbook.With(limit),
		"try":        cookbook.With(tryToStart),
		"keep-first": cookbook.With(keepFirst),
		"collect":    cookbook.With(collect),
		"after-wait": cookbook.Plain(afterWait),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type jobs struct {
	Limit         int
	Jobs, Failing []int
}

type fetch = func(ctx context.Context, url int) error

// perform returns the limit, the jobs by their indices, and the job.
func (in jobs) perform(stage cookbook.Stage) (n int, urls []int, fetch fetch) {
	urls = slices.Collect(cookbook.UpTo(len(in.Jobs)))
	return in.Limit, urls, func(ctx context.Context, url int) error {
		fails := slices.Contains(in.Failing, url)
		return stage.Work(ctx, fmt.Sprint("job ", url), in.Jobs[url], fails)
	}
}

func plain(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
	if n < len(urls) {
		return window(ctx, in, fetch)
	}
	// #region plain
	group, ctx := errgroup.WithContext(ctx)
	for _, url := range urls {
		group.Go(func() error { return fetch(ctx, url) })
	}
	err := group.Wait()
	// #endregion
	return err
}

// addAll adds all jobs to a group, and waits for them.
func addAll(
	ctx context.Context, group *errgroup.Group, in jobs, fetch fetch,
) error {
	group.SetLimit(in.Limit)
	for url := range in.Jobs {
		group.Go(func() error { return fetch(ctx, url) })
	}
	return group.Wait()
}

// window stops at the first error, as a task group in Swift does: Go may
// have waited for room until a failure made some.
func window(ctx context.Context, in jobs, fetch fetch) error {
	group, ctx := errgroup.WithContext(ctx)
	return addAll(ctx, group, in, func(ctx context.Context, url int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return fetch(ctx, url)
	})
}

func limit(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
	// #region limit
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for _, url := range urls {
		group.Go(func() error { return fetch(ctx, url) })
	}
	err := group.Wait()
	// #endregion
	return err
}

type requests struct {
	jobs
	Gap int
}

// arrive yields the requests, each when it comes in.
func (in requests) arrive(ctx context.Context, stage cookbook.Stage) iter.Seq[int] {
	return func(yield func(int) bool) {
		for request := range in.Jobs {
			if request > 0 && stage.Sleep(ctx, in.Gap) != nil || !yield(request) {
				return
			}
		}
	}
}

func tryToStart(ctx context.Context, fmt cookbook.Stage, in requests) error {
	n, _, handle := in.perform(fmt)
	requests := in.arrive(ctx, fmt)
	// #region try
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for request := range requests {
		if ctx.Err() != nil {
			break
		}
		work := func() error { return handle(ctx, request) }
		if !group.TryGo(work) {
			fmt.Println(request) // turned away
		}
	}
	err := group.Wait()
	// #endregion
	return err
}

func keepFirst(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, _, fetch := in.perform(stage)
	return addAll(ctx, new(errgroup.Group), in, fetch)
}

func collect(ctx context.Context, fmt cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(fmt)
	// #region collect
	var mu sync.Mutex
	var errs []error
	var group errgroup.Group
	group.SetLimit(n)
	for _, url := range urls {
		group.Go(func() error {
			if err := fetch(ctx, url); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
			return nil
		})
	}
	group.Wait()
	for _, err := range errs {
		fmt.Println(err)
	}
	// #endregion
	return nil
}

func afterWait(ctx context.Context, stage cookbook.Stage) error {
	group, ctx := errgroup.WithContext(ctx)
	err := group.Wait()
	stage.Println(ctx.Err() != nil)
	return err
}

var workloads = []cookbook.Workload{
	{Name: "limit-8", Run: func(operations int) int {
		return tinyTasks(operations, 8)
	}},
	{Name: "no-limit", Run: func(operations int) int {
		return tinyTasks(operations, -1)
	}},
}

func tinyTasks(count, limit int) int {
	var sum atomic.Int64
	group, _ := errgroup.WithContext(context.Background())
	group.SetLimit(limit)
	for task := range count {
		group.Go(func() error {
			sum.Add(int64(task & 7))
			return nil
		})
	}
	cookbook.Must(group.Wait())
	return int(sum.Load())
}
