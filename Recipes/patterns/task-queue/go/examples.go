// Package examples shows how a queue of jobs is used.
package examples

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"concurrencycookbook/internal/cookbook"
	taskqueue "concurrencycookbook/patterns/task-queue/go/taskqueue"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":   cookbook.With(plain),
		"serial":  cookbook.With(serial),
		"submit":  cookbook.With(submit),
		"perform": cookbook.With(perform),
	},
	Wrong: map[string]cookbook.Example{
		"submit/oneTooManyInLine": cookbook.With(oneTooManyInLine),
		"perform/errorLost":       cookbook.With(errorLost),
	},
	Workloads: workloads,
}

type calls struct {
	Jobs []int
}

func (in calls) save(stage cookbook.Stage) func(ctx context.Context, click int) {
	return func(ctx context.Context, click int) {
		_ = stage.Work(ctx, fmt.Sprint("job ", click), in.Jobs[click], false)
	}
}

func plain(ctx context.Context, stage cookbook.Stage, in calls) error {
	save, n := in.save(stage), len(in.Jobs)
	// #region plain
	jobs := make(chan func(), n)
	onClick := func(click int) {
		jobs <- func() { save(ctx, click) }
	}

	var wg sync.WaitGroup
	wg.Go(func() {
		for job := range jobs {
			job()
		}
	})
	for click := range n {
		onClick(click)
	}
	close(jobs)
	wg.Wait()
	// #endregion
	return nil
}

func serial(ctx context.Context, stage cookbook.Stage, in calls) error {
	save, n := in.save(stage), len(in.Jobs)
	// #region serial
	queue := taskqueue.New(1, n)
	onClick := func(click int) error {
		_, err := queue.TrySubmit(
			func(ctx context.Context) { save(ctx, click) })
		return err
	}
	// #endregion
	var wg sync.WaitGroup
	wg.Go(func() { queue.Run(ctx) })
	for click := range n {
		cookbook.Must(onClick(click))
	}
	queue.Close()
	wg.Wait()
	return nil
}

type jobs struct {
	Workers, Capacity                                     int
	Arrivals, Jobs, Trying, Closing, Abandoning, Patience []int
}

func (in jobs) store(stage cookbook.Stage) func(ctx context.Context, photo int) {
	return func(ctx context.Context, photo int) {
		ms := 0
		if photo < len(in.Jobs) {
			ms = in.Jobs[photo]
		}
		_ = stage.Work(ctx, fmt.Sprint("job ", photo), ms, false)
	}
}

// come lets the tasks come, and submit what they come for.
// settled says how a call ended. What is cancelled together with Run may learn
// first of its own cancellation, of the close, or of room that Run has made.
func settled(all context.Context, err error) error {
	if all.Err() != nil && (err == nil || errors.Is(err, taskqueue.ErrClosed)) {
		return all.Err()
	}
	return err
}

func (in jobs) come(
	all context.Context, stage cookbook.Stage, queue *taskqueue.Queue,
	submit func(ctx context.Context, photo int) error,
) {
	visits := cookbook.Visits{Arrivals: in.Arrivals, Patience: in.Patience}
	visits.Come(all, stage, func(ctx context.Context, task int) error {
		switch {
		case slices.Contains(in.Abandoning, task):
			stage.Say("dropped", queue.Abandon())
		case slices.Contains(in.Closing, task):
			queue.Close()
		default:
			return settled(all, submit(ctx, task))
		}
		return nil
	})
}

var errFull = errors.New("full")

func submit(ctx context.Context, stage cookbook.Stage, in jobs) error {
	n, capacity, store := in.Workers, in.Capacity, in.store(stage)
	serve := func(
		queue *taskqueue.Queue,
		upload func(context.Context, int) error, uploadNow func(int) error,
	) {
		in.come(ctx, stage, queue, func(ctx context.Context, photo int) error {
			if slices.Contains(in.Trying, photo) {
				return uploadNow(photo)
			}
			return upload(ctx, photo)
		})
	}
	// #region submit
	queue := taskqueue.New(n, capacity)

	upload := func(ctx context.Context, photo int) error {
		return queue.Submit(ctx,
			func(ctx context.Context) { store(ctx, photo) })
	}

	uploadNow := func(photo int) error {
		isIn, err := queue.TrySubmit(
			func(ctx context.Context) { store(ctx, photo) })
		if err == nil && !isIn {
			return errFull
		}
		return err
	}

	var wg sync.WaitGroup
	wg.Go(func() { queue.Run(ctx) })
	serve(queue, upload, uploadNow)
	queue.Close()
	wg.Wait()
	// #endregion
	return nil
}

func oneTooManyInLine(ctx context.Context, stage cookbook.Stage, in jobs) error {
	in.Capacity++
	return submit(ctx, stage, in)
}

func perform(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	return performing(ctx, stage, in, func(err error) error { return err })
}

// errorLost lets a job that fails look like one that succeeds.
func errorLost(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	return performing(ctx, stage, in, func(error) error { return nil })
}

func performing(
	all context.Context, stage cookbook.Stage, in cookbook.Visits,
	ended func(error) error,
) error {
	queue := taskqueue.New(in.Limit, 2)
	var wg sync.WaitGroup
	wg.Go(func() { queue.Run(all) })
	in.Come(all, stage, func(ctx context.Context, url int) error {
		download := func(ctx context.Context) (int, error) {
			return url * url, ended(in.Hold(ctx, stage, url))
		}
		// #region perform
		page, err := taskqueue.Perform(ctx, queue, download)
		// #endregion
		err = settled(all, err)
		if err == nil {
			stage.Say(fmt.Sprint("task ", url), page)
		}
		return err
	})
	queue.Close()
	wg.Wait()
	return nil
}
