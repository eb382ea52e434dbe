// Package priorityselect prefers one channel to another, which a select
// alone does not: it chooses among ready cases at random
// (https://go.dev/ref/spec#Select_statements). A select with a default in
// front of another one is the usual form; the default makes the first one a
// question instead of a wait.
package priorityselect

import "context"

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
