package channel

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Channels []int    `json:"channels"` // capacities
	Lanes    []string `json:"lanes"`    // steps, comma separated
}

func defaults() Input {
	return Input{
		Channels: []int{0, 2},
		Lanes: []string{
			"10 send 0 1, 10 send 0 2, 5 close 0",
			"5 receive 0, 25 send 1 3, 1 send 1 4, 1 send 1 5, 2 close 1",
			"15 receive 0, 45 receive 1, 1 receive 1, 1 receive 1, " +
				"9 receive 1",
		},
	}
}

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	return ValidateProgram(in.Channels, in.Lanes, false)
}

// Outcome is what a program ends with.
type Outcome struct {
	Deadlock bool  `json:"deadlock"`
	Waiting  []int `json:"waiting"` // lanes, in order
}

// A Step is one operation of a lane, or one case of a select.
type Step struct {
	Sleep   int // milliseconds before it
	Kind    string
	Channel int
	Value   int
	Cases   []Step
}

// Operations are what a program does to its channels.
type Operations struct {
	Make    func(capacity int) chan int
	Send    func(ctx context.Context, ch chan<- int, value int) error
	Receive func(ctx context.Context, ch <-chan int) (int, bool, error)
	Close   func(ch chan int)
}

// Original holds the operations of the language and of this package.
var Original = Operations{
	Make:    func(capacity int) chan int { return make(chan int, capacity) },
	Send:    Send[int],
	Receive: Receive[int],
	Close:   func(ch chan int) { close(ch) },
}

// Demo returns the demo around the operations.
func Demo(operations Operations) cookbook.Demo {
	return cookbook.NewDemo(
		"goroutines send, receive and close at times of their own",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			chans := operations.MakeAll(in.Channels)
			return RunProgram(ctx, in.Lanes, record,
				func(ctx context.Context, step Step) (string, string) {
					return operations.Perform(ctx, step, chans)
				})
		})
}

// MakeAll makes a channel for each capacity.
func (o Operations) MakeAll(capacities []int) []chan int {
	chans := make([]chan int, len(capacities))
	for i, capacity := range capacities {
		chans[i] = o.Make(capacity)
	}
	return chans
}

// Stuck is the name of the event of a lane that waits for ever.
const Stuck = "stuck"

// Perform performs a send, a receive or a close, and returns the event.
func (o Operations) Perform(
	ctx context.Context, step Step, chans []chan int,
) (name, item string) {
	ch := chans[step.Channel]
	switch step.Kind {
	case "send":
		if o.Send(ctx, ch, step.Value) != nil {
			return Stuck, ""
		}
		return "send", fmt.Sprintf("%d: %d", step.Channel, step.Value)
	case "receive":
		value, ok, err := o.Receive(ctx, ch)
		if err != nil {
			return Stuck, ""
		}
		return "receive", Received(step.Channel, value, ok)
	default:
		o.Close(ch)
		return "close", strconv.Itoa(step.Channel)
	}
}

// Received is the item of the event of a receive.
func Received(channel, value int, ok bool) string {
	if !ok {
		return fmt.Sprintf("%d: end", channel)
	}
	return fmt.Sprintf("%d: %d", channel, value)
}

// watchdog is longer than any program sleeps: who waits then waits for
// ever.
const watchdog = 1 << 40 * time.Millisecond

// RunProgram runs the lanes side by side until each has ended or waits
// for ever.
func RunProgram(
	ctx context.Context, lanes []string, record *cookbook.Recorder,
	perform func(context.Context, Step) (name, item string),
) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, watchdog)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	waiting := []int{}
	for i, lane := range lanes {
		steps, err := ParseSteps(lane)
		if err != nil {
			return Outcome{}, err
		}
		wg.Go(func() {
			if !runLane(ctx, fmt.Sprintf("lane %d", i), steps, record, perform) {
				mu.Lock()
				defer mu.Unlock()
				waiting = append(waiting, i)
			}
		})
	}
	wg.Wait()
	slices.Sort(waiting)
	return Outcome{len(waiting) > 0, waiting}, nil
}

// runLane reports whether the lane came to an end, be it by a panic.
func runLane(
	ctx context.Context, lane string, steps []Step,
	record *cookbook.Recorder,
	perform func(context.Context, Step) (name, item string),
) (ended bool) {
	defer func() {
		// A send on a closed channel, or a second close.
		if recover() != nil {
			record.Record(lane, "panic", "")
			ended = true
		}
	}()
	for _, step := range steps {
		took := time.Duration(step.Sleep) * time.Millisecond
		if cookbook.Sleep(ctx, took) != nil {
			return false
		}
		record.Record(lane, "begin", "")
		name, item := perform(ctx, step)
		record.Record(lane, name, item)
		if name == Stuck {
			return false
		}
	}
	return true
}

// ParseSteps reads a lane.
func ParseSteps(lane string) ([]Step, error) {
	var steps []Step
	for part := range strings.SplitSeq(lane, ",") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		sleep, err := strconv.Atoi(words[0])
		if err != nil || sleep < 0 {
			return nil, malformed(lane)
		}
		step, ok := parseStep(words[1:])
		if !ok {
			return nil, malformed(lane)
		}
		step.Sleep = sleep
		steps = append(steps, step)
	}
	return steps, nil
}

func malformed(lane string) error {
	return fmt.Errorf(
		"lanes must be like \"5 send 0 7, 3 receive 1\", not %q", lane)
}

func parseStep(words []string) (Step, bool) {
	if len(words) == 0 {
		return Step{}, false
	}
	step := Step{Kind: words[0]}
	if step.Kind == "select" {
		var one []string
		for _, word := range append(words[1:], "|") {
			if word != "|" {
				one = append(one, word)
				continue
			}
			if len(one) == 0 {
				continue
			}
			inner, ok := parseStep(one)
			if !ok {
				return step, false
			}
			step.Cases = append(step.Cases, inner)
			one = nil
		}
		return step, true
	}
	var numbers []int
	for _, word := range words[1:] {
		number, err := strconv.Atoi(word)
		if err != nil {
			return step, false
		}
		numbers = append(numbers, number)
	}
	switch {
	case step.Kind == "send" && len(numbers) == 2:
		step.Channel, step.Value = numbers[0], numbers[1]
	case step.Kind == "receive" && len(numbers) == 1,
		step.Kind == "close" && len(numbers) == 1:
		step.Channel = numbers[0]
	case step.Kind == "timeout" && len(numbers) == 1:
		step.Value = numbers[0]
	case step.Kind == "default" && len(numbers) == 0:
	default:
		return step, false
	}
	return step, true
}

const (
	mostCapacity = 1_000_000
	mostSleep    = 1 << 36
)

// ValidateProgram says what is wrong with a program.
func ValidateProgram(channels []int, lanes []string, selects bool) error {
	for i, capacity := range channels {
		err := cookbook.Between(capacity, 0, mostCapacity, "channels[%d]", i)
		if err != nil {
			return err
		}
	}
	for i, lane := range lanes {
		steps, err := ParseSteps(lane)
		if err != nil {
			return err
		}
		for _, step := range steps {
			err := cookbook.Between(step.Sleep, 0, mostSleep, "lanes[%d]", i)
			if err != nil {
				return err
			}
			cases := []Step{step}
			if step.Kind == "select" {
				cases = step.Cases
			}
			defaults := 0
			for _, one := range cases {
				isTimer := one.Kind == "default" || one.Kind == "timeout"
				if one.Kind == "default" {
					defaults++
				}
				inSelect := step.Kind == "select"
				if isTimer && !inSelect || inSelect && !selects ||
					inSelect && one.Kind == "close" || defaults > 1 {
					return fmt.Errorf(
						"lanes[%d] has a step that is not allowed", i)
				}
				if !isTimer && one.Channel >= len(channels) ||
					one.Channel < 0 {
					return fmt.Errorf("lanes[%d] must name channels from "+
						"0 to %d", i, len(channels)-1)
				}
			}
		}
	}
	return nil
}
