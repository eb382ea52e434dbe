package priorityselect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	High  []int  `json:"high"` // milliseconds, ascending
	Low   []int  `json:"low"`  // milliseconds, ascending
	Work  int    `json:"work"` // milliseconds
	Ratio int    `json:"ratio"`
	Mode  string `json:"mode"`
}

func defaults() Input {
	return Input{
		High:  []int{64, 129, 130, 131, 260},
		Low:   []int{5, 70, 71, 300},
		Work:  32,
		Ratio: 2,
		Mode:  "strict",
	}
}

const mostMilliseconds = 86_400_000

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	for _, field := range []struct {
		name  string
		times []int
	}{{"high", in.High}, {"low", in.Low}} {
		if len(field.times) > mostJobs {
			return fmt.Errorf("%s must have at most %d elements, not %d",
				field.name, mostJobs, len(field.times))
		}
		for i, at := range field.times {
			err := cookbook.Between(
				at, 0, mostMilliseconds, "%s[%d]", field.name, i)
			if err != nil {
				return err
			}
		}
		if !slices.IsSorted(field.times) {
			return fmt.Errorf("%s must be ascending", field.name)
		}
	}
	err := cookbook.Between(in.Work, 0, mostMilliseconds, "work")
	if err != nil {
		return err
	}
	if err := cookbook.Between(in.Ratio, 1, 1_000, "ratio"); err != nil {
		return err
	}
	switch in.Mode {
	case "strict", "weighted", "queue":
		return nil
	default:
		return fmt.Errorf(
			"mode must be strict, weighted or queue, not %s", in.Mode)
	}
}

const mostJobs = 10_000

// Outcome is what the demo ends with.
type Outcome struct {
	Error string   `json:"error,omitempty"`
	Order []string `json:"order"`
}

// A Source is what the worker takes its jobs from.
type Source struct {
	Put    func(job string, high bool)
	Finish func()
	Next   Next
}

// Next returns one job after the other, and false when there are no more.
type Next func(context.Context) (job string, ok bool, err error)

// Original is the source that this package makes for a mode.
func Original(mode string, ratio int) Source {
	if mode == "queue" {
		queue := NewQueue[string]()
		return Source{queue.Send, queue.Finish, queue.Next}
	}
	return FromChannels(func(high, low <-chan string) Next {
		if mode == "weighted" {
			weighted := Weighted[string]{High: high, Low: low, Ratio: ratio}
			return weighted.Next
		}
		return func(ctx context.Context) (string, bool, error) {
			for high != nil || low != nil {
				job, fromHigh, ok, err := Receive(ctx, high, low)
				if ok || err != nil {
					return job, ok, err
				}
				if fromHigh {
					high = nil
				} else {
					low = nil
				}
			}
			return "", false, nil
		}
	})
}

// FromChannels makes a source of two channels, with what receives from
// them.
func FromChannels(makeNext func(high, low <-chan string) Next) Source {
	high := make(chan string, mostJobs)
	low := make(chan string, mostJobs)
	return Source{
		Put: func(job string, urgent bool) {
			if urgent {
				high <- job
			} else {
				low <- job
			}
		},
		Finish: func() {
			close(high)
			close(low)
		},
		Next: makeNext(high, low),
	}
}

// A NewSource makes a source for a mode.
type NewSource func(mode string, ratio int) Source

// Demo returns the demo around the sources that newSource makes.
func Demo(newSource NewSource) cookbook.Demo {
	return cookbook.NewDemo(
		"one worker prefers urgent jobs to others",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, newSource(in.Mode, in.Ratio), in, record), nil
		})
}

type arrival struct {
	at   int
	job  string
	high bool
}

func arrivals(in Input) []arrival {
	var all []arrival
	for i, at := range in.High {
		all = append(all, arrival{at, fmt.Sprintf("high %d", i), true})
	}
	for i, at := range in.Low {
		all = append(all, arrival{at, fmt.Sprintf("low %d", i), false})
	}
	slices.SortStableFunc(all, func(a, b arrival) int {
		return cmp.Compare(a.at, b.at)
	})
	return all
}

func run(
	ctx context.Context, source Source, in Input, record *cookbook.Recorder,
) Outcome {
	var wg sync.WaitGroup
	wg.Go(func() {
		defer source.Finish()
		now := 0
		for _, next := range arrivals(in) {
			took := time.Duration(next.at-now) * time.Millisecond
			if cookbook.Sleep(ctx, took) != nil {
				return
			}
			now = next.at
			lane := "low"
			if next.high {
				lane = "high"
			}
			record.Record(lane, "put", next.job)
			source.Put(next.job, next.high)
		}
	})
	outcome := work(ctx, source, in, record)
	wg.Wait()
	return outcome
}

func work(
	ctx context.Context, source Source, in Input, record *cookbook.Recorder,
) Outcome {
	outcome := Outcome{Order: []string{}}
	for {
		job, ok, err := source.Next(ctx)
		if err == nil && !ok {
			return outcome
		}
		if err == nil {
			record.Record("worker", "start", job)
			outcome.Order = append(outcome.Order, job)
			took := time.Duration(in.Work) * time.Millisecond
			err = cookbook.Sleep(ctx, took)
		}
		if err != nil {
			record.Record("worker", "cancelled", "")
			outcome.Error = "cancelled"
			return outcome
		}
		record.Record("worker", "end", job)
	}
}
