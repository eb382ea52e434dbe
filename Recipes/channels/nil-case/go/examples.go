// Package examples shows how a nil channel switches a case off.
package examples

import (
	"context"
	"fmt"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{Examples: map[string]cookbook.Example{
	"merge": cookbook.With(merge),
	"pause": cookbook.With(pause),
	"queue": cookbook.With(relay),
}}

type arrivals struct{ A, B []int }

const forever = 1000 * 24 * 60 * 60 * 1000 // milliseconds

// send sends "LANE 0", "LANE 1" and so on, each after its pause.
func send(
	ctx context.Context, stage cookbook.Stage, lane string, pauses []int,
) <-chan string {
	ch := make(chan string)
	go func() {
		defer close(ch)
		for number := range stage.Source(ctx, lane, pauses) {
			select {
			case ch <- fmt.Sprint(lane, " ", number):
			case <-ctx.Done():
				return
			}
		}
	}()
	return ch
}

func merge(ctx context.Context, fmt cookbook.Stage, in arrivals) error {
	a, b := send(ctx, fmt, "a", in.A), send(ctx, fmt, "b", in.B)
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
	return ctx.Err()
}

func pause(ctx context.Context, fmt cookbook.Stage, input arrivals) error {
	// No pause is left, and the switches do not end.
	flips := append(input.B[:len(input.B)/2*2], forever)
	jobs, switches := send(ctx, fmt, "a", input.A), send(ctx, fmt, "b", flips)
	// #region pause
	in := jobs
	for {
		select {
		case job, ok := <-in:
			if !ok {
				return ctx.Err()
			}
			fmt.Println(job)
		case <-switches:
			if in == nil {
				in = jobs
			} else {
				in = nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	// #endregion
}

func queue(
	ctx context.Context, input <-chan string, output chan<- string,
) error {
	defer close(output)
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

// relay uses what the queue hands on.
func relay(ctx context.Context, fmt cookbook.Stage, in arrivals) error {
	uses := in.B
	if len(uses) == 0 {
		uses = []int{2}
	}
	output, use := make(chan string), fmt.Sink("use", uses)
	go queue(ctx, send(ctx, fmt, "sensor", in.A), output)
	number := 0
	for value := range output {
		fmt.Println(value)
		if err := use(ctx, number); err != nil {
			return err
		}
		number++
	}
	return ctx.Err()
}
