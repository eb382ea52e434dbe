package boundedpool

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
	Jobs        []int  `json:"jobs"`        // milliseconds each takes
	Failing     []int  `json:"failing"`     // indices of jobs
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
	Mode        string `json:"mode"`
}

func defaults() Input {
	return Input{
		Workers: 3,
		Jobs:    []int{60, 30, 50, 20, 40, 10, 30, 50, 20, 40, 30, 60},
		Failing: []int{},
		Mode:    "ordered",
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
	for i, index := range in.Failing {
		if index < 0 || index >= len(in.Jobs) {
			return fmt.Errorf(
				"failing[%d] must be the index of a job, not %d", i, index)
		}
	}
	if in.CancelAfter != nil {
		err := cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
		if err != nil {
			return err
		}
	}
	switch in.Mode {
	case "ordered", "unordered", "forEach":
		return nil
	default:
		return fmt.Errorf(
			"mode must be ordered, unordered or forEach, not %s", in.Mode)
	}
}

// Outcome is what the demo ends with.
type Outcome struct {
	Error   string `json:"error,omitempty"`
	Results []int  `json:"results"`
}

// A Pool is the three functions of this package for the demo's types, so
// that another pool can be put in their place.
type Pool struct {
	ForEach func(
		ctx context.Context, workers int, inputs iter.Seq[int],
		work func(context.Context, int) error,
	) error
	Unordered func(
		ctx context.Context, workers int, inputs iter.Seq[int],
		work func(context.Context, int) (int, error), receive func(int),
	) error
	Map func(
		ctx context.Context, workers int, inputs iter.Seq[int],
		work func(context.Context, int) (int, error),
	) ([]int, error)
}

// Original is the pool of this package.
var Original = Pool{ForEach[int], Unordered[int, int], Map[int, int]}

// Demo returns the demo around pool.
func Demo(pool Pool) cookbook.Demo {
	return cookbook.NewDemo(
		"a fixed number of workers share one sequence of jobs",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, pool, in, record), nil
		})
}

type failure int

func (f failure) Error() string { return fmt.Sprintf("job %d failed", int(f)) }

func run(
	ctx context.Context, pool Pool, in Input, record *cookbook.Recorder,
) Outcome {
	failing := make(map[int]bool)
	for _, index := range in.Failing {
		failing[index] = true
	}
	work := func(ctx context.Context, index int) (int, error) {
		item := strconv.Itoa(index)
		lane := "job " + item
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
		return index * index, nil
	}
	indices := func(yield func(int) bool) {
		for index := range in.Jobs {
			if !yield(index) {
				return
			}
		}
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := func() {}
	if in.CancelAfter != nil {
		after := time.Duration(*in.CancelAfter) * time.Millisecond
		stop = cancelLater(after, func() {
			record.Record("caller", "cancel", "")
			cancel()
		})
	}

	results := []int{}
	var err error
	switch in.Mode {
	case "ordered":
		var all []int
		all, err = pool.Map(ctx, in.Workers, indices, work)
		results = append(results, all...)
	case "unordered":
		err = pool.Unordered(ctx, in.Workers, indices, work,
			func(result int) {
				record.Record("caller", "receive", strconv.Itoa(result))
				results = append(results, result)
			})
	case "forEach":
		err = pool.ForEach(ctx, in.Workers, indices,
			func(ctx context.Context, index int) error {
				_, err := work(ctx, index)
				return err
			})
	}
	stop()
	record.Record("caller", "return", "")

	if in.Mode == "unordered" {
		slices.Sort(results) // which came first is in the events
	}
	outcome := Outcome{Results: results}
	if errors.Is(err, context.Canceled) {
		outcome.Error = "cancelled"
	} else if err != nil {
		outcome.Error = err.Error()
	}
	return outcome
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
