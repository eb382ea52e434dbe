package mutants

import (
	"context"

	"concurrencycookbook/channels/channel"
)

// Channel holds wrong operations by the name of their mistake.
var Channel = map[string]channel.Operations{
	"oneElementTooMany":   withMake(oneElementTooMany),
	"givesUpWhenFull":     withChannelSend(givesUpWhenFull),
	"sendsInBackground":   withChannelSend(sendsInBackground),
	"closedUnnoticed":     withChannelSend(closedUnnoticed),
	"sendNeverGivesUp":    withChannelSend(sendNeverGivesUp),
	"endTakenForValue":    withReceive(endTakenForValue),
	"zeroTakenForEnd":     withReceive(zeroTakenForEnd),
	"closeDropsTheBuffer": withClose(closeDropsTheBuffer),
}

func withMake(make func(int) chan int) channel.Operations {
	operations := channel.Original
	operations.Make = make
	return operations
}

func withChannelSend(
	send func(context.Context, chan<- int, int) error,
) channel.Operations {
	operations := channel.Original
	operations.Send = send
	return operations
}

func withReceive(
	receive func(context.Context, <-chan int) (int, bool, error),
) channel.Operations {
	operations := channel.Original
	operations.Receive = receive
	return operations
}

func withClose(close func(chan int)) channel.Operations {
	operations := channel.Original
	operations.Close = close
	return operations
}

// oneElementTooMany leaves room for the element that is on its way.
func oneElementTooMany(capacity int) chan int {
	return make(chan int, capacity+1)
}

// givesUpWhenFull does not look at whether its element was sent.
func givesUpWhenFull(_ context.Context, ch chan<- int, value int) error {
	channel.TrySend(ch, value)
	return nil
}

// sendsInBackground has a goroutine that waits in its place.
func sendsInBackground(
	ctx context.Context, ch chan<- int, value int,
) error {
	go func() {
		// The channel may be closed while this one waits.
		defer func() { recover() }()
		channel.Send(ctx, ch, value)
	}()
	return nil
}

// closedUnnoticed makes a send on a closed channel harmless.
func closedUnnoticed(ctx context.Context, ch chan<- int, value int) error {
	defer func() { recover() }()
	return channel.Send(ctx, ch, value)
}

// sendNeverGivesUp is a send without a select, which cannot be cancelled.
func sendNeverGivesUp(_ context.Context, ch chan<- int, value int) error {
	ch <- value
	return nil
}

// endTakenForValue is a receive without an ok.
func endTakenForValue(
	ctx context.Context, ch <-chan int,
) (int, bool, error) {
	value, _, err := channel.Receive(ctx, ch)
	return value, true, err
}

// zeroTakenForEnd asks the element whether it is one.
func zeroTakenForEnd(
	ctx context.Context, ch <-chan int,
) (int, bool, error) {
	value, _, err := channel.Receive(ctx, ch)
	return value, value != 0, err
}

// closeDropsTheBuffer empties what it has closed.
func closeDropsTheBuffer(ch chan int) {
	close(ch)
	for range ch {
	}
}
