// Package examples shows many goroutines that wait for one release.
package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"released": cookbook.With(release),
	},
	Wrong: map[string]cookbook.Example{
		"released/leavesOne": cookbook.With(leavesOne),
	},
	Measurements: measurements,
}

type crowd struct {
	Tasks, Release int
}

func release(ctx context.Context, stage cookbook.Stage, in crowd) error {
	n := in.Tasks
	pause := func() { _ = stage.Sleep(ctx, in.Release) }
	perform := func() { _ = stage.Work(ctx, "tasks", 20, false) }
	// #region released
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			<-gate
			perform()
		})
	}
	pause()
	close(gate)
	wg.Wait()
	// #endregion
	return nil
}

func leavesOne(ctx context.Context, stage cookbook.Stage, in crowd) error {
	in.Tasks--
	return release(ctx, stage, in)
}
