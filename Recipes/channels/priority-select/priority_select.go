// Package priorityselect prefers one channel to another, which a select
// alone does not: it chooses among ready cases at random
// (https://go.dev/ref/spec#Select_statements). Nesting a select with a
// default in front of another one is the usual form; the default makes
// the first one a question instead of a wait.
package priorityselect

import (
	"context"
	"sync"
)

// Receive receives from high when it can, and else from whichever of the
// two is ready first. It reports which of them it was, and ok as a
// receive does.
func Receive[T any](
	ctx context.Context, high, low <-chan T,
) (value T, fromHigh, ok bool, err error) {
	select {
	case value, ok = <-high:
		return value, true, ok, nil
	default:
	}
	select {
	case value, ok = <-high:
		return value, true, ok, nil
	case value, ok = <-low:
		return value, false, ok, nil
	case <-ctx.Done():
		return value, false, false, ctx.Err()
	}
}

// Weighted receives from two channels, and serves low after at most
// Ratio values of high in a row.
type Weighted[T any] struct {
	High, Low <-chan T
	Ratio     int
	streak    int
}

// Next receives the next value. It reports false when both channels are
// closed and empty.
func (w *Weighted[T]) Next(ctx context.Context) (T, bool, error) {
	for w.High != nil || w.Low != nil {
		first, second := w.High, w.Low
		swapped := w.streak >= w.Ratio
		if swapped {
			first, second = second, first
		}
		value, fromFirst, ok, err := Receive(ctx, first, second)
		if err != nil {
			return value, false, err
		}
		fromHigh := fromFirst != swapped
		if !ok {
			// A closed channel would be ready for ever, a nil one never.
			if fromHigh {
				w.High = nil
			} else {
				w.Low = nil
			}
			continue
		}
		if fromHigh {
			w.streak = min(w.streak+1, w.Ratio)
		} else {
			w.streak = 0
		}
		return value, true, nil
	}
	var zero T
	return zero, false, nil
}

// A Queue is two queues without a bound, of which the urgent one is
// emptied first.
type Queue[T any] struct {
	mu               sync.Mutex
	urgent, ordinary []T
	finished         bool
	changed          chan struct{}
}

// NewQueue returns an empty queue.
func NewQueue[T any]() *Queue[T] {
	return &Queue[T]{changed: make(chan struct{})}
}

// Send appends value to one of the queues.
func (q *Queue[T]) Send(value T, urgent bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if urgent {
		q.urgent = append(q.urgent, value)
	} else {
		q.ordinary = append(q.ordinary, value)
	}
	q.wake()
}

// Finish lets receivers come to the end of what is there.
func (q *Queue[T]) Finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
	q.wake()
}

// wake lets all who wait look again.
func (q *Queue[T]) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Next receives the first urgent value, or else the first ordinary one.
func (q *Queue[T]) Next(ctx context.Context) (value T, ok bool, err error) {
	for {
		q.mu.Lock()
		for _, queue := range []*[]T{&q.urgent, &q.ordinary} {
			if len(*queue) > 0 {
				value = (*queue)[0]
				*queue = (*queue)[1:]
				q.mu.Unlock()
				return value, true, nil
			}
		}
		finished, changed := q.finished, q.changed
		q.mu.Unlock()
		if finished {
			return value, false, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return value, false, ctx.Err()
		}
	}
}
