// Package examples shows how Go's semaphores are used: the buffered channel
// of Effective Go, "Channels" (https://go.dev/doc/effective_go#channels), and
// golang.org/x/sync/semaphore.
package examples

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/semaphore"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":        cookbook.With(plain),
		"with-permits": cookbook.With(withPermits),
		"cancelled":    cookbook.Plain(cancelled),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type requests struct {
	Permits  int    `json:"permits"`
	Arrivals []int  `json:"arrivals"`
	Holds    []int  `json:"holds"`
	Form     string `json:"form"`
	Sizes    []int  `json:"sizes"`
	Trying   []int  `json:"trying"`
	Failing  []int  `json:"failing"`
	Patience []int  `json:"patience"`
}

// load returns the work of each task.
func (in requests) load(
	stage cookbook.Stage,
) func(ctx context.Context, task int) error {
	return func(ctx context.Context, task int) error {
		lane, fails := fmt.Sprint("task ", task), slices.Contains(in.Failing, task)
		return stage.Work(ctx, lane, of(in.Holds, task, 0), fails)
	}
}

// of returns a task's value, or another one where the list is shorter.
func of(values []int, task, otherwise int) int {
	if task < len(values) {
		return values[task]
	}
	return otherwise
}

func plain(ctx context.Context, stage cookbook.Stage, in requests) error {
	n, load := in.Permits, in.load(stage)
	download := func(ctx context.Context, url int) int {
		_ = load(ctx, url)
		return url
	}
	// #region plain
	permits := make(chan struct{}, n)

	fetch := func(ctx context.Context, url int) int {
		permits <- struct{}{}
		defer func() { <-permits }()
		return download(ctx, url)
	}
	// #endregion
	stage.Visit(ctx, in.Arrivals, in.Patience,
		func(ctx context.Context, url int) error {
			fetch(ctx, url)
			return nil
		})
	stage.Println(cap(permits) - len(permits))
	return nil
}

func withPermits(ctx context.Context, stage cookbook.Stage, in requests) error {
	if in.Form == "weighted" {
		return in.use(ctx, stage, semaphore.NewWeighted(int64(in.Permits)))
	}
	n, load := in.Permits, in.load(stage)
	download := func(ctx context.Context, url int) (int, error) {
		return url, load(ctx, url)
	}
	// #region channel
	permits := make(chan struct{}, n)

	fetch := func(ctx context.Context, url int) (int, error) {
		select {
		case permits <- struct{}{}:
			defer func() { <-permits }()
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		// Where both were ready, chance has decided.
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return download(ctx, url)
	}
	// #endregion
	stage.Visit(ctx, in.Arrivals, in.Patience,
		func(ctx context.Context, task int) error {
			if slices.Contains(in.Trying, task) {
				select {
				case permits <- struct{}{}:
					defer func() { <-permits }()
					return load(ctx, task)
				default:
					return errBusy
				}
			}
			_, err := fetch(ctx, task)
			return err
		})
	stage.Println(cap(permits) - len(permits))
	return nil
}

var errBusy = errors.New("busy")

// A gate is a semaphore such as Weighted.
type gate interface {
	Acquire(ctx context.Context, n int64) error
	TryAcquire(n int64) bool
	Release(n int64)
}

type video struct {
	task int
	size int64
}

// use lets tasks come for their permits, and counts those that are free when
// all have ended.
func (in requests) use(
	ctx context.Context, stage cookbook.Stage, permits gate,
) error {
	load := in.load(stage)
	convert := func(ctx context.Context, video video) error {
		return load(ctx, video.task)
	}
	// #region weighted
	share := func(ctx context.Context, video video) error {
		err := permits.Acquire(ctx, video.size)
		if err != nil {
			return err
		}
		defer permits.Release(video.size)
		return convert(ctx, video)
	}

	preview := func(ctx context.Context, video video) error {
		if !permits.TryAcquire(video.size) {
			return errBusy
		}
		defer permits.Release(video.size)
		return convert(ctx, video)
	}
	// #endregion
	stage.Visit(ctx, in.Arrivals, in.Patience,
		func(ctx context.Context, task int) error {
			video := video{task, int64(of(in.Sizes, task, 1))}
			if slices.Contains(in.Trying, task) {
				return preview(ctx, video)
			}
			return share(ctx, video)
		})
	free := 0
	for free <= in.Permits && permits.TryAcquire(1) {
		free++
	}
	stage.Println(free)
	return nil
}

// cancelled asks for a permit that is free when its context is done already.
func cancelled(ctx context.Context, stage cookbook.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	permits := make(chan struct{}, 1)
	stage.Attempt("select", func() error {
		select {
		case permits <- struct{}{}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	stage.Attempt("Weighted", func() error {
		return semaphore.NewWeighted(1).Acquire(ctx, 1)
	})
	return nil
}
