package examples

import (
	"context"
	"strings"

	"concurrencycookbook/internal/cookbook"
)

var wrong = map[string]cookbook.Example{
	// Room for the element that is on its way.
	"meetings/oneElementTooMany": cookbook.With(
		port(perform).meet, func(in *meetings) { in.Capacity++ }),
	// Without a look at whether the element was sent.
	"meetings/givesUpWhenFull": instead("send", func(o operation) string {
		defer func() { recover() }()
		select {
		case o.ch <- o.value:
		default:
		}
		return "sent"
	}),
	"meetings/sendsInBackground": instead("send", func(o operation) string {
		go perform(o)
		return "sent"
	}),
	"meetings/closedUnnoticed": saying("refused", "sent"),
	// A send without a select cannot be cancelled.
	"meetings/sendNeverGivesUp": instead("send", func(o operation) string {
		o.ctx = context.WithoutCancel(o.ctx)
		return perform(o)
	}),
	"meetings/endTakenForValue": saying("end", "received 0"),
	"meetings/zeroTakenForEnd":  saying("received 0", "end"),
	"meetings/closeDropsTheBuffer": instead("close", func(o operation) string {
		said := perform(o)
		for range o.ch {
		}
		return said
	}),
}

// instead does something else in the place of an operation.
func instead(verb string, other port) cookbook.Example {
	return cookbook.With(port(func(o operation) string {
		if o.verb == verb {
			return other(o)
		}
		return perform(o)
	}).meet)
}

// saying takes one thing for another.
func saying(what, instead string) cookbook.Example {
	return cookbook.With(port(func(o operation) string {
		return strings.Replace(perform(o), what, instead, 1)
	}).meet)
}
