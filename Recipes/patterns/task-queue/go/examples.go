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
		"submit":  cookbook.With(submit),
		"perform": cookbook.With(perform),
	},
	Wrong: map[string]cookbook.Example{
		"submit/oneTooManyInLine": cookbook.With(submit, func(in *jobs) { in.Capacity++ }),
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

// run runs a queue while jobs come to it.
func run(
	ctx context.Context, queue *taskqueue.Queue, serve func(*taskqueue.Queue),
) {
	// #region run
	var wg sync.WaitGroup
	wg.Go(func() { queue.Run(ctx) })
	serve(queue)
	queue.Close()
	wg.Wait()
	// #endregion
}

type jobs struct {
	cookbook.Visits
	Workers, Capacity         int
	Jobs, Closing, Abandoning []int
}

func (in jobs) store(stage cookbook.Stage) func(ctx context.Context, photo int) {
	return func(ctx context.Context, photo int) {
		ms := cookbook.At(in.Jobs, photo, 0)
		_ = stage.Work(ctx, fmt.Sprint("job ", photo), ms, false)
	}
}

// settled says how a call ended. What is cancelled together with Run may learn
// first of its own cancellation, of the close, or of room that Run has made.
func settled(all context.Context, err error) error {
	if all.Err() != nil && (err == nil || errors.Is(err, taskqueue.ErrClosed)) {
		return all.Err()
	}
	return err
}

var errFull = errors.New("full")

func submit(all context.Context, stage cookbook.Stage, in jobs) error {
	n, capacity, store := in.Workers, in.Capacity, in.store(stage)
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
	// #endregion
	come := func(ctx context.Context, task int) error {
		switch {
		case slices.Contains(in.Abandoning, task):
			stage.Say("dropped", queue.Abandon())
		case slices.Contains(in.Closing, task):
			queue.Close()
		case in.Tries(task):
			return settled(all, uploadNow(task))
		default:
			return settled(all, upload(ctx, task))
		}
		return nil
	}
	run(all, queue, func(*taskqueue.Queue) { in.Come(all, stage, come) })
	return nil
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
	fetch := func(queue *taskqueue.Queue) {
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
	}
	run(all, taskqueue.New(in.Limit, 2), fetch)
	return nil
}
