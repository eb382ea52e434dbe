// Package examples shows many goroutines that wait for one release.
package examples

import (
	"context"
	"runtime"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"released": cookbook.With(release),
	},
	Wrong: map[string]cookbook.Example{
		"released/leavesOne": cookbook.With(release, func(in *crowd) { in.Tasks-- }),
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

var measurements = map[string]cookbook.Measurement{
	"goroutines": cookbook.FootprintOfWaiting(func(wait func()) { wait() }),
	"nested":     cookbook.FootprintOfWaiting(func(wait func()) { nest(depth, wait) }),
	"returned": cookbook.FootprintOfWaiting(func(wait func()) {
		nest(depth, func() {})
		wait()
	}),
	"threads": cookbook.FootprintOfWaiting(func(wait func()) {
		// A goroutine that is locked to a thread keeps it while it waits.
		runtime.LockOSThread()
		wait()
	}),
}

// depth is how many calls deep the nested ones are.
const depth = 256

//go:noinline
func nest(depth int, body func()) int {
	if depth == 0 {
		body()
		return 0
	}
	return nest(depth-1, body) ^ depth
}
