// Package examples shows many goroutines that wait for one release.
package examples

import (
	"context"
	"sync"
	"sync/atomic"

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
	Tasks   int `json:"tasks"`
	Release int `json:"release"`
}

func release(ctx context.Context, fmt cookbook.Stage, in crowd) error {
	n, pause := in.Tasks, func() { _ = fmt.Sleep(ctx, in.Release) }
	var released atomic.Int64
	// #region released
	gate := make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			<-gate
			released.Add(1)
		})
	}
	pause()
	close(gate)
	wg.Wait()
	fmt.Println(released.Load())
	// #endregion
	return nil
}

func leavesOne(ctx context.Context, stage cookbook.Stage, in crowd) error {
	in.Tasks--
	return release(ctx, stage, in)
}
