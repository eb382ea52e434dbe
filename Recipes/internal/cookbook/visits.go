package cookbook

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Visits are tasks that come at their moments, want some of what there is only
// so much of, hold it for a while and give it back.
type Visits struct {
	Limit                                             int
	Arrivals, Holds, Sizes, Trying, Failing, Patience []int
}

// Size returns how much a task wants.
func (v Visits) Size(task int) int { return At(v.Sizes, task, 1) }

// Tries says whether a task does not wait.
func (v Visits) Tries(task int) bool { return slices.Contains(v.Trying, task) }

// Come lets the tasks come, each in the lane "task N" and on a goroutine of
// its own. It records that each comes, and how body ends, and cancels the
// context of each when its patience ends.
func (v Visits) Come(
	ctx context.Context, stage Stage,
	body func(ctx context.Context, task int) error,
) {
	var wg sync.WaitGroup
	for task, arrival := range v.Arrivals {
		wg.Go(func() {
			// Who is cancelled before does not come.
			if stage.Sleep(ctx, arrival) != nil {
				return
			}
			lane := fmt.Sprint("task ", task)
			var limit *int
			if patience := At(v.Patience, task, 0); patience > 0 {
				limit = &patience
			}
			ctx, stop := stage.CancelAfter(ctx, lane, limit)
			defer stop()
			stage.Attempt(lane, func() error {
				stage.Come(lane)
				return body(ctx, task)
			})
		})
	}
	wg.Wait()
}

// Hold keeps a task busy for as long as it holds what it came for.
func (v Visits) Hold(ctx context.Context, stage Stage, task int) error {
	fails := slices.Contains(v.Failing, task)
	return stage.Work(ctx, fmt.Sprint("task ", task), At(v.Holds, task, 0), fails)
}

// At returns a task's value, or another one where the list is shorter.
func At(values []int, task, otherwise int) int {
	if task < len(values) {
		return values[task]
	}
	return otherwise
}
