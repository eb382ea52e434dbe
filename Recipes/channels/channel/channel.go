// Package channel shows the operations of Go's channels, and what becomes
// of them when the one who waits must be able to give up.
//
// The forms are those of "Effective Go", Channels
// (https://go.dev/doc/effective_go#channels), and of the Go blog, "Go
// Concurrency Patterns: Context" (https://go.dev/blog/context).
package channel

import "context"

// Send sends value on ch, or gives up when ctx is done.
//
// It panics when ch is closed, as every send does.
func Send[T any](ctx context.Context, ch chan<- T, value T) error {
	select {
	case ch <- value:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Receive receives from ch, or gives up when ctx is done. It reports
// false when ch is closed and empty.
func Receive[T any](ctx context.Context, ch <-chan T) (T, bool, error) {
	select {
	case value, ok := <-ch:
		return value, ok, nil
	case <-ctx.Done():
		var zero T
		return zero, false, ctx.Err()
	}
}

// TrySend sends value if that is possible without waiting.
func TrySend[T any](ch chan<- T, value T) bool {
	select {
	case ch <- value:
		return true
	default:
		return false
	}
}

// TryReceive receives if that is possible without waiting. It reports
// whether a value was received, and whether one may still come.
func TryReceive[T any](ch <-chan T) (value T, received, open bool) {
	select {
	case value, ok := <-ch:
		return value, ok, ok
	default:
		return value, false, true
	}
}
