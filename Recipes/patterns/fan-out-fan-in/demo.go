package fanoutfanin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Workers     int    `json:"workers"`
	Jobs        []int  `json:"jobs"`   // milliseconds each takes
	Source      string `json:"source"` // shared or own
	Buffer      int    `json:"buffer"`
	Consume     []int  `json:"consume"` // milliseconds, in turn
	Failing     []int  `json:"failing"` // indices of jobs
	StopAfter   *int   `json:"stopAfter"`
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
}

func defaults() Input {
	return Input{
		Workers: 3,
		Jobs:    []int{31, 72, 53, 24, 45, 16, 37, 58, 29, 40, 61, 22},
		Source:  "shared",
		Buffer:  2,
		Consume: []int{5, 11, 43},
		Failing: []int{},
	}
}

const (
	mostWorkers      = 1024
	mostJobs         = 100_000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	err := cookbook.Between(in.Workers, 1, mostWorkers, "workers")
	if err != nil {
		return err
	}
	err = cookbook.Between(in.Buffer, 0, mostWorkers, "buffer")
	if err != nil {
		return err
	}
	if len(in.Jobs) > mostJobs {
		return fmt.Errorf("jobs must have at most %d elements, not %d",
			mostJobs, len(in.Jobs))
	}
	for i, job := range in.Jobs {
		err := cookbook.Between(job, 0, mostMilliseconds, "jobs[%d]", i)
		if err != nil {
			return err
		}
	}
	if in.Source != "shared" && in.Source != "own" {
		return fmt.Errorf("source must be shared or own, not %s", in.Source)
	}
	for i, turn := range in.Consume {
		err := cookbook.Between(turn, 0, mostMilliseconds, "consume[%d]", i)
		if err != nil {
			return err
		}
	}
	for i, index := range in.Failing {
		if index < 0 || index >= len(in.Jobs) {
			return fmt.Errorf(
				"failing[%d] must be the index of a job, not %d", i, index)
		}
	}
	if in.StopAfter != nil {
		err := cookbook.Between(*in.StopAfter, 1, mostJobs, "stopAfter")
		if err != nil {
			return err
		}
	}
	if in.CancelAfter != nil {
		return cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
	}
	return nil
}

// Outcome is what the demo ends with.
type Outcome struct {
	Error   string `json:"error,omitempty"`
	Results []int  `json:"results"`
}

// Forms are the two functions of this package for the demo's types, so
// that others can be put in their place.
type Forms struct {
	FanOut func(
		ctx context.Context, workers, buffer int, inputs iter.Seq[int],
		work func(context.Context, int) (int, error),
	) iter.Seq2[int, error]
	FanIn func(
		ctx context.Context, buffer int, producers ...Producer[int],
	) iter.Seq2[int, error]
}

// Original is the forms of this package.
var Original = Forms{FanOut[int, int], FanIn[int]}

// Demo returns the demo around forms.
func Demo(forms Forms) cookbook.Demo {
	return cookbook.NewDemo(
		"several workers produce, one consumer receives and may leave early",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, forms, in, record), nil
		})
}

type failure int

func (f failure) Error() string { return fmt.Sprintf("job %d failed", int(f)) }

func run(
	ctx context.Context, forms Forms, in Input, record *cookbook.Recorder,
) Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopTimer := func() {}
	if in.CancelAfter != nil {
		after := time.Duration(*in.CancelAfter) * time.Millisecond
		stopTimer = cancelLater(after, func() {
			record.Record("caller", "cancel", "")
			cancel()
		})
	}

	failing := make(map[int]bool)
	for _, index := range in.Failing {
		failing[index] = true
	}
	work := func(ctx context.Context, index int) (int, error) {
		item := strconv.Itoa(index)
		lane := "job " + item
		if in.Source == "own" {
			lane = fmt.Sprintf("input %d", index%in.Workers)
		}
		record.Record(lane, "start", item)
		took := time.Duration(in.Jobs[index]) * time.Millisecond
		if err := cookbook.Sleep(ctx, took); err != nil {
			record.Record(lane, "cancelled", item)
			return 0, err
		}
		if failing[index] {
			record.Record(lane, "fail", item)
			return 0, failure(index)
		}
		record.Record(lane, "end", item)
		return index, nil
	}

	results := []int{}
	// consume reports whether it wants another result.
	consume := func(result int) (bool, error) {
		item := strconv.Itoa(result)
		record.Record("consumer", "receive", item)
		turn := len(results)
		results = append(results, result)
		if len(in.Consume) > 0 {
			took := in.Consume[turn%len(in.Consume)]
			err := cookbook.Sleep(ctx, time.Duration(took)*time.Millisecond)
			if err != nil {
				record.Record("consumer", "interrupted", item)
				return false, err
			}
		}
		record.Record("consumer", "done", item)
		if in.StopAfter != nil && turn+1 == *in.StopAfter {
			record.Record("consumer", "stop", "")
			return false, nil
		}
		return true, nil
	}

	var sequence iter.Seq2[int, error]
	if in.Source == "own" {
		sequence = forms.FanIn(ctx, in.Buffer, in.producers(work)...)
	} else {
		sequence = forms.FanOut(
			ctx, in.Workers, in.Buffer, upTo(len(in.Jobs)), work)
	}
	var err error
	for result, problem := range sequence {
		if err = problem; err != nil {
			break
		}
		var wantsMore bool
		if wantsMore, err = consume(result); !wantsMore {
			break
		}
	}
	stopTimer()
	record.Record("caller", "return", "")

	slices.Sort(results) // which came first is in the events
	outcome := Outcome{Results: results}
	if errors.Is(err, context.Canceled) {
		outcome.Error = "cancelled"
	} else if err != nil {
		outcome.Error = err.Error()
	}
	return outcome
}

// producers deals the jobs out like cards, to a producer for each worker.
func (in Input) producers(
	work func(context.Context, int) (int, error),
) []Producer[int] {
	var producers []Producer[int]
	for first := range in.Workers {
		producers = append(producers,
			func(ctx context.Context, out chan<- int) error {
				for i := first; i < len(in.Jobs); i += in.Workers {
					result, err := work(ctx, i)
					if err != nil {
						return err
					}
					if err := Send(ctx, out, result); err != nil {
						return err
					}
				}
				return nil
			})
	}
	return producers
}

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// cancelLater calls cancel after d. When the function that it returns
// has returned, cancel is not running and will not run.
func cancelLater(d time.Duration, cancel func()) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-done:
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
