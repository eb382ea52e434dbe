// Package backpressure holds what a producer can do when the consumer
// behind a bounded channel is slower than it is. Its forms are described in
// Effective Go, "Channels" and "A leaky buffer"
// (https://go.dev/doc/effective_go).
package backpressure

import "context"

// Send waits for room.
func Send[T any](ctx context.Context, items chan<- T, item T) error {
	select {
	case items <- item:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Offer drops item when there is no room, and says so.
func Offer[T any](items chan<- T, item T) (sent bool) {
	select {
	case items <- item:
		return true
	default:
		return false
	}
}

// Push makes room for item by dropping the oldest one, which it returns.
//
// There must be one sender, and items must have a buffer. Between the two
// selects the consumer may make room, and then an item is dropped that need
// not have been.
func Push[T any](items chan T, item T) (oldest T, dropped bool) {
	if cap(items) == 0 {
		panic("backpressure: there is no buffer to drop from")
	}
	for {
		select {
		case items <- item:
			return oldest, dropped
		default:
		}
		select {
		case oldest = <-items:
			dropped = true
		default:
		}
	}
}
