// Package examples shows what directional channels are for.
package examples

import (
	"context"

	channel "concurrencycookbook/channels/channel/go"
	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{Examples: map[string]cookbook.Example{
	// Room for all, as an AsyncStream has.
	"plain":     cookbook.With(views, func(in *channel.Jobs) { in.Capacity = len(in.Jobs) }),
	"views":     cookbook.With(views),
	"cast-back": cookbook.Plain(castBack),
}}

func views(ctx context.Context, stage cookbook.Stage, in channel.Jobs) error {
	n, build, use := in.Perform(ctx, stage)
	capacity := in.Capacity
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
