// Package examples shows what a done channel does.
package examples

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"stop": cookbook.With(start(func(c chan struct{}) { close(c) })),
	},
	Wrong: map[string]cookbook.Example{
		"stop/oneValue": cookbook.With(start(func(c chan struct{}) {
			c <- struct{}{}
		})),
	},
}

type input struct {
	Workers int
	Pauses  []int
	Stop    int
}

// start starts the workers, sends each job to one of them, and stops them.
func start(
	stop func(done chan struct{}),
) func(context.Context, cookbook.Stage, input) error {
	return func(ctx context.Context, stage cookbook.Stage, in input) error {
		limit := cookbook.Milliseconds(in.Stop)
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		workers, interrupt := in.Workers, limited.Done()
		inboxes := make([]chan int, workers)
		for n := range workers {
			inboxes[n] = make(chan int, len(in.Pauses))
		}
		go func() {
			for job := range stage.Source(limited, "sender", in.Pauses) {
				inboxes[job%workers] <- job
			}
			for _, inbox := range inboxes {
				close(inbox)
			}
		}()
		work := func(done <-chan struct{}, n int) {
			inbox, fmt := inboxes[n], stage.Lane(fmt.Sprint("worker ", n))
			// #region work
			for job := range orDone(done, inbox) {
				fmt.Println(job)
			}
			fmt.Println("stopped")
			// #endregion
		}
		close := func(done chan struct{}) {
			if ctx.Err() == nil {
				stage.Leave("caller")
			}
			stop(done)
		}
		// #region stop
		done := make(chan struct{})
		var wg sync.WaitGroup
		for n := range workers {
			wg.Go(func() { work(done, n) })
		}
		<-interrupt
		close(done) // stops all
		wg.Wait()
		// #endregion
		return ctx.Err()
	}
}

// #region or-done
func orDone[T any](done <-chan struct{}, in <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			select {
			case <-done:
				return
			case v, ok := <-in:
				if !ok || !yield(v) {
					return
				}
			}
		}
	}
}

// #endregion
