// Package pubsub hands each value that is published to all who have
// subscribed.
package pubsub

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// A Policy says what happens when a subscriber's buffer is full.
type Policy string

// Wait lets the publisher wait, DropOldest and DropNewest drop a value, and
// Disconnect ends the subscription.
const (
	Wait       Policy = "wait"
	DropOldest Policy = "dropOldest"
	DropNewest Policy = "dropNewest"
	Disconnect Policy = "disconnect"
)

// Publish returns ErrClosed, and All yields ErrSlow.
var (
	ErrClosed = errors.New("the topic is closed")
	ErrSlow   = errors.New("the subscriber is too slow")
)

// A Topic hands values to its subscribers.
type Topic[T any] struct {
	turn   chan struct{} // who has put a token in it publishes
	closed chan struct{}

	mu            sync.Mutex
	subscriptions map[*Subscription[T]]bool // nil when it is closed
}

// A Subscription belongs to one goroutine.
type Subscription[T any] struct {
	topic  *Topic[T]
	policy Policy
	values chan T
	isSlow bool          // set before values is closed
	room   chan struct{} // a token when there may be room, or it has left
}

// NewTopic returns a topic without subscribers.
func NewTopic[T any]() *Topic[T] {
	return &Topic[T]{
		turn: make(chan struct{}, 1), closed: make(chan struct{}),
		subscriptions: map[*Subscription[T]]bool{},
	}
}

// Subscribe keeps up to bound values for the caller, who must Leave.
func (t *Topic[T]) Subscribe(bound int, policy Policy) *Subscription[T] {
	s := &Subscription[T]{
		topic: t, policy: policy,
		values: make(chan T, bound), room: make(chan struct{}, 1),
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscriptions == nil {
		close(s.values)
	} else {
		t.subscriptions[s] = true
	}
	return s
}

// Publish hands a value to all subscribers at once, and waits until all with
// Wait have room. When ctx is done before, nobody gets the value.
func (t *Topic[T]) Publish(ctx context.Context, value T) error {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-t.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		full, err := t.offer(value)
		if full == nil {
			return err
		}
		// Not under the lock: the subscriber needs it to leave.
		select {
		case <-full.room:
		case <-t.closed:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// offer publishes a value, or returns a subscription that has no room. Only
// it sends, and always under the lock, so what it finds stays true.
func (t *Topic[T]) offer(value T) (full *Subscription[T], err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscriptions == nil {
		return nil, ErrClosed
	}
	for s := range t.subscriptions {
		if s.policy == Wait && len(s.values) == cap(s.values) {
			return s, nil
		}
	}
	for s := range t.subscriptions {
		select {
		case s.values <- value:
			continue
		default:
		}
		switch s.policy {
		case DropOldest:
			select {
			case <-s.values:
			default: // the subscriber has made room
			}
			s.values <- value
		case Disconnect:
			s.isSlow = true
			close(s.values)
			delete(t.subscriptions, s)
		}
	}
	return nil, nil
}

// All yields values until the topic is closed and none is kept, or an error.
func (s *Subscription[T]) All(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			var value T
			var ok bool
			select {
			case value, ok = <-s.values: // what is kept comes first
			default:
				select {
				case value, ok = <-s.values:
				case <-ctx.Done():
					yield(value, ctx.Err())
					return
				}
			}
			if !ok {
				if s.isSlow {
					yield(value, ErrSlow)
				}
				return
			}
			s.signal()
			if !yield(value, nil) {
				return
			}
		}
	}
}

// Leave ends the subscription. Publishers go on that wait for it.
func (s *Subscription[T]) Leave() {
	s.topic.mu.Lock()
	delete(s.topic.subscriptions, s)
	s.topic.mu.Unlock()
	s.signal()
}

func (s *Subscription[T]) signal() {
	select {
	case s.room <- struct{}{}:
	default:
	}
}

// Close ends the topic: what is kept can be received.
func (t *Topic[T]) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subscriptions == nil {
		return
	}
	close(t.closed)
	for s := range t.subscriptions {
		close(s.values)
	}
	t.subscriptions = nil
}
