package selecting

import (
	"context"
	"fmt"
	"time"

	"concurrencycookbook/channels/channel"
	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Channels   []int    `json:"channels"`   // capacities
	Lanes      []string `json:"lanes"`      // steps, comma separated
	ChoiceSeed int      `json:"choiceSeed"` // for Swift; Go's choice has none
}

func defaults() Input {
	return Input{
		Channels: []int{0, 1},
		Lanes: []string{
			"5 select receive 0 | timeout 10, 1 select receive 0 | receive 1",
			"40 select send 0 7 | send 1 8, 2 select receive 1 | default",
			"60 send 0 9, 1 close 0",
			"90 receive 0, 20 select receive 0 | default",
		},
		ChoiceSeed: 1,
	}
}

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	return channel.ValidateProgram(in.Channels, in.Lanes, true)
}

// A Selector is Select, or another function in its place.
type Selector func(
	ctx context.Context, cases []Case,
) (index, value int, ok bool, err error)

// Demo returns the demo around selector.
func Demo(selector Selector) cookbook.Demo {
	return cookbook.NewDemo(
		"goroutines select among sends, receives, defaults and timeouts",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (channel.Outcome, error) {
			chans := channel.Original.MakeAll(in.Channels)
			return channel.RunProgram(ctx, in.Lanes, record,
				func(
					ctx context.Context, step channel.Step,
				) (name, item string) {
					if step.Kind == "select" {
						return perform(ctx, selector, step.Cases, chans)
					}
					return channel.Original.Perform(ctx, step, chans)
				})
		})
}

func perform(
	ctx context.Context, selector Selector,
	steps []channel.Step, chans []chan int,
) (name, item string) {
	cases := make([]Case, len(steps))
	for i, step := range steps {
		switch step.Kind {
		case "send":
			cases[i] = Case{SendTo: chans[step.Channel], Value: step.Value}
		case "receive":
			cases[i] = Case{ReceiveFrom: chans[step.Channel]}
		case "timeout":
			// A timer of no time at all is not a default.
			took := time.Duration(step.Value) * time.Millisecond
			cases[i] = Case{Timeout: max(took, 1)}
		}
	}
	index, value, ok, err := selector(ctx, cases)
	if err != nil {
		return channel.Stuck, ""
	}
	step := steps[index]
	switch step.Kind {
	case "send":
		return "send", fmt.Sprintf("%d: %d", step.Channel, step.Value)
	case "receive":
		return "receive", channel.Received(step.Channel, value, ok)
	default:
		return step.Kind, ""
	}
}
