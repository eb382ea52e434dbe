// Package examples shows how golang.org/x/sync/errgroup is used.
package examples

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":       cookbook.With(plain),
		"plain-limit": cookbook.With(plainLimit),
		"limit":       cookbook.With(limit),
		"try":         cookbook.With(tryToStart),
		"keep-first":  cookbook.With(keepFirst),
		"collect":     cookbook.With(collect),
		"after-wait":  cookbook.Plain(afterWait),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type jobs struct {
	Limit   int   `json:"limit"`
	Jobs    []int `json:"jobs"`
	Failing []int `json:"failing"`
}

// perform returns the limit, the jobs by their indices, and the job.
func (in jobs) perform(
	stage cookbook.Stage,
) (n int, urls []int, fetch func(ctx context.Context, url int) error) {
	urls = slices.Collect(cookbook.UpTo(len(in.Jobs)))
	return in.Limit, urls, func(ctx context.Context, url int) error {
		fails := slices.Contains(in.Failing, url)
		return stage.Work(ctx, fmt.Sprint("job ", url), in.Jobs[url], fails)
	}
}

func plain(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, urls, fetch := in.perform(stage)
	// #region plain
	group, ctx := errgroup.WithContext(ctx)
	for _, url := range urls {
		group.Go(func() error {
			return fetch(ctx, url)
		})
	}
	err := group.Wait()
	// #endregion
	return err
}

func plainLimit(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
	// #region plainLimit
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for _, url := range urls {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return fetch(ctx, url)
		})
	}
	err := group.Wait()
	// #endregion
	return err
}

func limit(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
	// #region limit
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for _, url := range urls {
		group.Go(func() error {
			return fetch(ctx, url)
		})
	}
	err := group.Wait()
	// #endregion
	return err
}

type requests struct {
	jobs
	Gap    int   `json:"gap"`
	Urgent []int `json:"urgent"`
}

// arrive yields the requests, each when it arrives.
func (in requests) arrive(
	ctx context.Context, stage cookbook.Stage,
) (_ iter.Seq[int], isUrgent func(request int) bool) {
	requests := func(yield func(int) bool) {
		for request := range in.Jobs {
			if request > 0 && stage.Sleep(ctx, in.Gap) != nil {
				return
			}
			if !yield(request) {
				return
			}
		}
	}
	return requests, func(request int) bool {
		return slices.Contains(in.Urgent, request)
	}
}

func tryToStart(ctx context.Context, fmt cookbook.Stage, in requests) error {
	n, _, handle := in.perform(fmt)
	requests, isUrgent := in.arrive(ctx, fmt)
	// #region try
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for request := range requests {
		if ctx.Err() != nil {
			break
		}
		work := func() error {
			return handle(ctx, request)
		}
		if isUrgent(request) {
			group.Go(work)
		} else if !group.TryGo(work) {
			fmt.Println(request) // turned away
		}
	}
	err := group.Wait()
	// #endregion
	return err
}

func keepFirst(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
	// #region keepFirst
	var group errgroup.Group
	group.SetLimit(n)
	for _, url := range urls {
		group.Go(func() error {
			return fetch(ctx, url)
		})
	}
	err := group.Wait()
	// #endregion
	return err
}

func collect(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, urls, fetch := in.perform(stage)
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
	err := errors.Join(errs...)
	// #endregion
	if err == nil {
		return nil
	}
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		if errors.Is(err, context.Canceled) {
			err = errors.New("cancelled")
		}
		stage.Println(err.Error())
	}
	return nil
}

func afterWait(ctx context.Context, stage cookbook.Stage) error {
	fetch := func(ctx context.Context) error {
		return stage.Work(ctx, "fetch", 20, false)
	}
	save := func(ctx context.Context) error {
		return stage.Work(ctx, "save", 20, false)
	}
	// #region afterWait
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return fetch(ctx)
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return save(ctx) // ctx is cancelled by now
	// #endregion
}
