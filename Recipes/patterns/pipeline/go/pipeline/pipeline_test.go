package pipeline

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
)

func TestNothingIsReadAfterCancellation(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			source := func(yield func(int, error) bool) {
				cancel()
				if yield(0, nil) {
					t.Error("read on after the cancellation")
				}
			}
			for value, err := range Run(ctx,
				func(ctx context.Context, g *errgroup.Group) <-chan int {
					return Gen(ctx, g, 10, source)
				}) {
				if err != context.Canceled {
					t.Errorf("%d, %v, want %v", value, err, context.Canceled)
				}
			}
		})
	}
}

func TestAValueThatWaitsIsNotWorkedOnAfterCancellation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := make(chan int, 1)
	in <- 0
	close(in)
	var g errgroup.Group
	Stage(ctx, &g, 1, 1, in, func(context.Context, int) (int, error) {
		t.Error("work was started")
		return 0, nil
	})
	if err := g.Wait(); err != context.Canceled {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestAStageNeedsAWorker(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a stage without workers would wait for ever")
		}
	}()
	Stage[int, int](t.Context(), nil, 0, 0, nil, nil)
}

func TestADeafStageStartsNothingAfterCancellation(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2500*time.Millisecond, cancel)
			var started atomic.Int32
			var problem error
			build := func(ctx context.Context, g *errgroup.Group) <-chan int {
				endless := func(yield func(int, error) bool) {
					for yield(0, nil) {
					}
				}
				return Stage(ctx, g, 1, 5, Gen(ctx, g, 5, endless),
					func(context.Context, int) (int, error) {
						started.Add(1)
						time.Sleep(time.Second)
						return 0, nil
					})
			}
			for _, err := range Run(ctx, build) {
				problem = err
			}
			if problem != context.Canceled || started.Load() != 3 {
				t.Errorf("%v, %d started, want 3", problem, started.Load())
			}
		})
	}
}
