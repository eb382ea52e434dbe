package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
)

// wrong holds versions that are wrong on purpose: the comparison must find each.
var wrong = map[string]cookbook.Example{
	"jobs/noBuffer": cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in jobs) error {
			in.Capacity = 0
			return buffered(ctx, stage, in)
		}),
	// Room for the element that is on its way.
	"meetings/oneElementTooMany": with(func(o *operations) {
		o.open = func(capacity int) chan int { return make(chan int, capacity+1) }
	}),
	"meetings/givesUpWhenFull":   with(func(o *operations) { o.send = givesUpWhenFull }),
	"meetings/sendsInBackground": with(func(o *operations) { o.send = sendsInBackground }),
	"meetings/closedUnnoticed":   with(func(o *operations) { o.send = closedUnnoticed }),
	// A send without a select cannot be cancelled.
	"meetings/sendNeverGivesUp": with(func(o *operations) {
		o.send = func(_ context.Context, ch chan<- int, value int) error {
			ch <- value
			return nil
		}
	}),
	"meetings/endTakenForValue": with(func(o *operations) {
		o.receive = func(ctx context.Context, ch <-chan int) (int, bool, error) {
			value, _, err := receive(ctx, ch)
			return value, true, err
		}
	}),
	"meetings/zeroTakenForEnd": with(func(o *operations) {
		o.receive = func(ctx context.Context, ch <-chan int) (int, bool, error) {
			value, _, err := receive(ctx, ch)
			return value, value != 0, err
		}
	}),
	"meetings/closeDropsTheBuffer": with(func(o *operations) {
		o.close = func(ch chan int) {
			close(ch)
			for range ch {
			}
		}
	}),
}

func with(change func(*operations)) cookbook.Example {
	changed := original
	change(&changed)
	return cookbook.With(changed.run)
}

// givesUpWhenFull does not look at whether its element was sent.
func givesUpWhenFull(_ context.Context, ch chan<- int, value int) error {
	select {
	case ch <- value:
	default:
	}
	return nil
}

// sendsInBackground has a goroutine that waits in its place.
func sendsInBackground(ctx context.Context, ch chan<- int, value int) error {
	go func() {
		// The channel may be closed while this one waits.
		defer func() { recover() }()
		send(ctx, ch, value)
	}()
	return nil
}

// closedUnnoticed makes a send on a closed channel harmless.
func closedUnnoticed(ctx context.Context, ch chan<- int, value int) error {
	defer func() { recover() }()
	return send(ctx, ch, value)
}
