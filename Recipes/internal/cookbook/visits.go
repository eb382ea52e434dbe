package cookbook

import (
	"context"
	"fmt"
	"sync"
)

// Visit lets tasks come at their moments, in milliseconds, each in the lane
// "task N" and on a goroutine of its own. It records that each comes, and how
// body ends. The context of a task is cancelled when its patience ends; 0 or
// none is for ever.
func (s Stage) Visit(
	ctx context.Context, arrivals, patience []int,
	body func(ctx context.Context, task int) error,
) {
	var wg sync.WaitGroup
	for task, arrival := range arrivals {
		wg.Go(func() {
			// Who is cancelled before does not come.
			if s.Sleep(ctx, arrival) != nil {
				return
			}
			lane := fmt.Sprint("task ", task)
			var limit *int
			if task < len(patience) && patience[task] > 0 {
				limit = &patience[task]
			}
			ctx, stop := s.CancelAfter(ctx, lane, limit)
			defer stop()
			s.Attempt(lane, func() error {
				s.record.Record(lane, "come", "")
				return body(ctx, task)
			})
		})
	}
	wg.Wait()
}
