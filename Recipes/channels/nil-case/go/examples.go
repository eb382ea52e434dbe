// Package examples shows how a nil channel switches a case off.
package examples

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain": between(merge),
		"merge": between(merge),
		"pause": between(pause),
		"queue": relaying(queue),
	},
}

type arrivals struct{ A, B []int }

// between runs body with two channels, on which values come.
func between(
	body func(ctx context.Context, fmt cookbook.Stage, a, b <-chan string) error,
) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in arrivals,
	) error {
		return withChannels(ctx, stage, in,
			func(ctx context.Context, a, b <-chan string) error {
				return body(ctx, stage, a, b)
			})
	})
}

func withChannels(
	ctx context.Context, stage cookbook.Stage, in arrivals,
	body func(ctx context.Context, a, b <-chan string) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	var senders sync.WaitGroup
	defer senders.Wait()
	defer cancel()
	send := func(lane string, pauses []int) <-chan string {
		ch := make(chan string)
		senders.Go(func() {
			defer close(ch)
			for number, pause := range pauses {
				if stage.Sleep(ctx, pause) != nil {
					return
				}
				value := fmt.Sprint(lane, " ", number)
				stage.Come(lane)
				select {
				case ch <- value:
					stage.Say(lane, number)
				case <-ctx.Done():
					return
				}
			}
		})
		return ch
	}
	err := body(ctx, send("a", in.A), send("b", in.B))
	return cmp.Or(err, ctx.Err())
}

func merge(ctx context.Context, fmt cookbook.Stage, a, b <-chan string) error {
	// #region merge
	for a != nil || b != nil {
		select {
		case value, ok := <-a:
			if ok {
				fmt.Println(value)
			} else {
				a = nil
			}
		case value, ok := <-b:
			if ok {
				fmt.Println(value)
			} else {
				b = nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
	return nil
}

func pause(
	ctx context.Context, fmt cookbook.Stage, jobs, switches <-chan string,
) error {
	// #region pause
	isPaused := false
	for jobs != nil {
		in := jobs
		if isPaused {
			in = nil
		}
		select {
		case job, ok := <-in:
			if ok {
				fmt.Println(job)
			} else {
				jobs = nil
			}
		case _, ok := <-switches:
			if !ok {
				switches = nil
			}
			isPaused = ok && !isPaused
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
	return nil
}

// A relay hands on what comes in.
type relay func(ctx context.Context, in <-chan string, output chan<- string) error

// relaying lets a relay hand on what the producer sends, and takes it as
// fmt.Println.
func relaying(relay relay) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in arrivals,
	) error {
		times := in.B
		in.B = nil
		return withChannels(ctx, stage, in,
			func(ctx context.Context, values, _ <-chan string) error {
				var wg sync.WaitGroup
				defer wg.Wait()
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				output := make(chan string)
				wg.Go(func() {
					defer close(output)
					_ = relay(ctx, values, output) // only ctx ends it early
				})
				count := 0
				for value := range output {
					stage.Println(value)
					err := stage.WorkOn(ctx, "use", count, times, nil)
					if err != nil {
						return err
					}
					count++
				}
				return nil
			})
	})
}

func queue(ctx context.Context, input <-chan string, output chan<- string) error {
	// #region queue
	var queue []string
	for input != nil || len(queue) > 0 {
		var out chan<- string
		var head string
		if len(queue) > 0 {
			out, head = output, queue[0]
		}
		select {
		case value, ok := <-input:
			if ok {
				queue = append(queue, value)
			} else {
				input = nil
			}
		case out <- head:
			queue = queue[1:]
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
	return nil
}
