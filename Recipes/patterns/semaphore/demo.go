package semaphore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Permits     int    `json:"permits"`
	Arrivals    []int  `json:"arrivals"`    // milliseconds
	Holds       []int  `json:"holds"`       // milliseconds
	Weights     []int  `json:"weights"`     // empty: one each
	Patience    []int  `json:"patience"`    // milliseconds; 0: no end
	Trying      []int  `json:"trying"`      // indices of tasks
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
	Form        string `json:"form"`
}

func defaults() Input {
	return Input{
		Permits:  3,
		Arrivals: []int{0, 1, 2, 3, 4, 5, 31, 32, 33, 34},
		Holds:    []int{40, 27, 33, 20, 26, 38, 30, 24, 36, 22},
		Weights:  []int{},
		Patience: []int{0, 0, 0, 0, 14, 0, 0, 0, 0, 0},
		Trying:   []int{6},
		Form:     "channel",
	}
}

const (
	mostPermits      = 1024
	mostTasks        = 10_000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	err := cookbook.Between(in.Permits, 1, mostPermits, "permits")
	if err != nil {
		return err
	}
	tasks := len(in.Arrivals)
	if tasks > mostTasks {
		return fmt.Errorf("arrivals must have at most %d elements, not %d",
			mostTasks, tasks)
	}
	for _, list := range []struct {
		name       string
		values     []int
		mayBeEmpty bool
	}{
		{"holds", in.Holds, false},
		{"weights", in.Weights, true},
		{"patience", in.Patience, true},
	} {
		if n := len(list.values); n != tasks && !(list.mayBeEmpty && n == 0) {
			return fmt.Errorf("%s must have one element for each of the "+
				"%d arrivals, not %d", list.name, tasks, n)
		}
	}
	for _, list := range []struct {
		name   string
		values []int
	}{
		{"arrivals", in.Arrivals},
		{"holds", in.Holds},
		{"patience", in.Patience},
	} {
		for i, value := range list.values {
			err := cookbook.Between(
				value, 0, mostMilliseconds, list.name+"[%d]", i)
			if err != nil {
				return err
			}
		}
	}
	most := in.Permits
	switch in.Form {
	case "channel":
		most = 1
	case "weighted":
	default:
		return fmt.Errorf(
			"form must be channel or weighted, not %s", in.Form)
	}
	for i, weight := range in.Weights {
		err := cookbook.Between(weight, 1, most, "weights[%d]", i)
		if err != nil {
			return err
		}
	}
	for i, index := range in.Trying {
		if index < 0 || index >= tasks {
			return fmt.Errorf(
				"trying[%d] must be the index of a task, not %d", i, index)
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
	Free    int      `json:"free"`    // permits, when all tasks have ended
	Results []string `json:"results"` // what became of each task
}

// Forms makes a semaphore of n permits for each form, so that others can
// be put in their place.
type Forms map[string]func(n int) Semaphore

// Originals are the two forms of this package.
var Originals = Forms{
	"channel":  func(n int) Semaphore { return NewChannel(n) },
	"weighted": func(n int) Semaphore { return NewWeighted(n) },
}

// Demo returns the demo around the semaphores that forms makes.
func Demo(forms Forms) cookbook.Demo {
	return cookbook.NewDemo(
		"tasks come, wait for permits, hold them and leave",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, forms[in.Form](in.Permits), in, record), nil
		})
}

func run(
	ctx context.Context, s Semaphore, in Input, record *cookbook.Recorder,
) Outcome {
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

	results := make([]string, len(in.Arrivals))
	var tasks sync.WaitGroup
	for task := range in.Arrivals {
		tasks.Go(func() {
			results[task] = visit(ctx, s, in, task, record)
		})
	}
	tasks.Wait()
	stop()
	record.Record("caller", "return", "")

	outcome := Outcome{Results: results}
	for outcome.Free < in.Permits && s.TryAcquire(1) {
		outcome.Free++
	}
	return outcome
}

// visit is one task: it comes, and leaves when it is done or its
// patience has ended.
func visit(
	ctx context.Context,
	s Semaphore,
	in Input,
	task int,
	record *cookbook.Recorder,
) string {
	arrival := time.Duration(in.Arrivals[task]) * time.Millisecond
	if cookbook.Sleep(ctx, arrival) != nil {
		return "absent"
	}
	if len(in.Patience) > 0 && in.Patience[task] > 0 {
		patience := time.Duration(in.Patience[task]) * time.Millisecond
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	item := strconv.Itoa(task)
	lane := "task " + item
	weight := int64(1)
	if len(in.Weights) > 0 {
		weight = int64(in.Weights[task])
	}

	var result string
	hold := func(ctx context.Context) {
		record.Record(lane, "start", item)
		held := time.Duration(in.Holds[task]) * time.Millisecond
		if cookbook.Sleep(ctx, held) != nil {
			record.Record(lane, "cancelled", item)
			result = "cancelled"
			return
		}
		record.Record(lane, "end", item)
		result = "done"
	}

	if slices.Contains(in.Trying, task) {
		record.Record(lane, "try", item)
		if !s.TryAcquire(weight) {
			record.Record(lane, "refused", item)
			return "refused"
		}
		defer s.Release(weight)
		hold(ctx)
		return result
	}
	record.Record(lane, "wait", item)
	if With(ctx, s, weight, hold) != nil {
		record.Record(lane, "leave", item)
		return "left"
	}
	return result
}

// cancelLater calls cancel after d. When the function that it returns
// has returned, cancel is not running and will not run.
func cancelLater(d time.Duration, cancel func()) (stop func()) {
	var timer sync.WaitGroup
	done := make(chan struct{})
	timer.Go(func() {
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
		timer.Wait()
	}
}
