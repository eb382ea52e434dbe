// Package examples shows what directional channels are for.
package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{Examples: map[string]cookbook.Example{
	"plain":     cookbook.With(plain),
	"views":     cookbook.With(views),
	"cast-back": cookbook.Plain(castBack),
}}

type jobs struct {
	Makes []int
	Use   int
}

// plain has room for all, as an AsyncStream has.
func plain(ctx context.Context, stage cookbook.Stage, in jobs) error {
	return start(ctx, stage, in, len(in.Makes))
}

func views(ctx context.Context, stage cookbook.Stage, in jobs) error {
	return start(ctx, stage, in, 0)
}

func start(ctx context.Context, stage cookbook.Stage, in jobs, capacity int) error {
	n := len(in.Makes)
	build := func(job int) int {
		_ = stage.WorkOn(ctx, "make", job, in.Makes, nil)
		return job
	}
	use := func(job int) { _ = stage.WorkOn(ctx, "use", job, []int{in.Use}, nil) }
	// #region plain
	produce := func(out chan<- int) {
		defer close(out)
		for job := range n {
			out <- build(job)
		}
	}
	consume := func(jobs <-chan int) {
		for job := range jobs {
			use(job)
		}
	}
	ch := make(chan int, capacity)
	go produce(ch)
	consume(ch)
	// #endregion
	return nil
}

func castBack(_ context.Context, fmt cookbook.Stage) error {
	var jobs <-chan int = make(chan int)
	_, ok := any(jobs).(chan int)
	fmt.Println(ok)
	return nil
}
