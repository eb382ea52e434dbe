package examples

import (
	"context"
	"fmt"

	"concurrencycookbook/internal/cookbook"
)

// wrong holds versions that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"jobs/noBuffer": cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in jobs) error {
			in.Capacity = 0
			return buffered(ctx, stage, in)
		}),
	// Room for the element that is on its way.
	"meetings/oneElementTooMany": cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in meetings) error {
			in.Capacity++
			return port(perform).meet(ctx, stage, in)
		}),
	// Without a look at whether the element was sent.
	"meetings/givesUpWhenFull": instead("send", func(o operation) (string, error) {
		select {
		case o.ch <- o.value:
		default:
		}
		return "sent", nil
	}),
	// A goroutine waits in its place; the channel may be closed meanwhile.
	"meetings/sendsInBackground": instead("send", func(o operation) (string, error) {
		go harmless(o)
		return "sent", nil
	}),
	"meetings/closedUnnoticed": instead("send", harmless),
	// A send without a select cannot be cancelled.
	"meetings/sendNeverGivesUp": instead("send", func(o operation) (string, error) {
		o.ch <- o.value
		return "sent", nil
	}),
	"meetings/endTakenForValue": instead("receive", func(o operation) (string, error) {
		value, _, err := receive(o.ctx, o.ch)
		return fmt.Sprint("received ", value), err
	}),
	"meetings/zeroTakenForEnd": instead("receive", func(o operation) (string, error) {
		if said, err := perform(o); said != "received 0" {
			return said, err
		}
		return "end", nil
	}),
	"meetings/closeDropsTheBuffer": instead("close", func(o operation) (string, error) {
		close(o.ch)
		for range o.ch {
		}
		return "closed", nil
	}),
}

// instead does something else in the place of an operation.
func instead(verb string, other port) cookbook.Example {
	return cookbook.With(port(func(o operation) (string, error) {
		if o.verb == verb {
			return other(o)
		}
		return perform(o)
	}).meet)
}

// harmless is a send that a closed channel does not stop.
func harmless(o operation) (string, error) {
	defer func() { recover() }()
	return perform(o)
}
