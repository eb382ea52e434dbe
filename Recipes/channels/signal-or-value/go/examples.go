// Package examples shows signals and values that tasks wait for.
package examples

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"unsafe"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain": cookbook.With(plain),

		"gate":   cookbook.With(gate),
		"count":  cookbook.With(count),
		"redraw": cookbook.With(redraw),

		"sizes": cookbook.Plain(sizes),
	},
	Wrong: map[string]cookbook.Example{
		"gate/ignoresContext": cookbook.With(plain),
		"redraw/noRoom":       cookbook.With(noRoom),
	},
}

func init() { maps.Copy(Room.Examples, cells) }

type readers struct {
	Arrivals, Patience []int
	Load               int
}

// A wait returns the value, or the error of its context.
type wait func(ctx context.Context) (string, error)

// perform returns what the tasks wait for, and what has each of them wait:
// each comes at its moment, and may be cancelled.
func (in readers) perform(
	ctx context.Context, stage cookbook.Stage,
) (load func() string, forEachTask func(wait)) {
	load = func() string {
		_ = stage.Work(ctx, "loader", in.Load, false)
		stage.Say("loader", "config")
		return "config"
	}
	visits := cookbook.Visits{Arrivals: in.Arrivals, Patience: in.Patience}
	return load, func(wait wait) {
		visits.Come(ctx, stage, func(ctx context.Context, task int) error {
			value, err := wait(ctx)
			if err != nil {
				return err
			}
			lane := fmt.Sprint("task ", task)
			stage.Say(lane, value)
			return stage.Work(ctx, lane, 9, false)
		})
	}
}

func plain(ctx context.Context, stage cookbook.Stage, in readers) error {
	load, each := in.perform(ctx, stage)
	forEachTask := func(wait func() string) {
		each(func(context.Context) (string, error) { return wait(), nil })
	}
	// #region plain
	var config string
	ready := make(chan struct{})
	go func() {
		config = load()
		close(ready) // publishes what was written before
	}()
	forEachTask(func() string {
		<-ready
		return config
	})
	// #endregion
	<-ready
	return nil
}

func gate(ctx context.Context, stage cookbook.Stage, in readers) error {
	load, forEachTask := in.perform(ctx, stage)
	// #region gate
	var config string
	ready := make(chan struct{})
	go func() {
		config = load()
		close(ready)
	}()
	forEachTask(func(ctx context.Context) (string, error) {
		select {
		case <-ready:
			return config, nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	// #endregion
	<-ready
	return nil
}

func count(ctx context.Context, fmt cookbook.Stage, in readers) error {
	n := len(in.Arrivals)
	work := func(task int) {
		_ = fmt.Work(ctx, "task "+strconv.Itoa(task), in.Arrivals[task], false)
	}
	// #region count
	done := make(chan struct{})
	for task := range n {
		go func() {
			work(task)
			done <- struct{}{}
		}()
	}
	for range n {
		<-done
		fmt.Println("one is done")
	}
	// #endregion
	return nil
}

type changes struct {
	Pauses []int
	Redraw int
}

func (in changes) perform(
	ctx context.Context, stage cookbook.Stage,
) (changes iter.Seq[int], redraw func()) {
	return stage.Source(ctx, "change", in.Pauses), func() {
		_ = stage.Work(ctx, "redraw", in.Redraw, false)
	}
}

func redraw(ctx context.Context, stage cookbook.Stage, in changes) error {
	return draw(ctx, stage, in, 1)
}

func noRoom(ctx context.Context, stage cookbook.Stage, in changes) error {
	return draw(ctx, stage, in, 0)
}

func draw(
	ctx context.Context, stage cookbook.Stage, in changes, room int,
) error {
	changes, redraw := in.perform(ctx, stage)
	// #region redraw
	dirty := make(chan struct{}, room)
	go func() {
		defer close(dirty)
		for range changes {
			select {
			case dirty <- struct{}{}:
			default: // one is there already
			}
		}
	}()
	for range dirty {
		redraw()
	}
	// #endregion
	return nil
}

func sizes(_ context.Context, fmt cookbook.Stage) error {
	fmt.Println([]uintptr{unsafe.Sizeof(struct{}{}), unsafe.Sizeof(true)})
	fmt.Println(cap(make(chan struct{}, 1<<40)))
	return nil
}
