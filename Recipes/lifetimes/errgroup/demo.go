package errgroup

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

// Input is what the demo can be told.
type Input struct {
	Limit       *int   `json:"limit"`
	Jobs        []int  `json:"jobs"`        // milliseconds each takes
	Failing     []int  `json:"failing"`     // indices of jobs
	Gaps        []int  `json:"gaps"`        // milliseconds
	Trying      []int  `json:"trying"`      // indices of jobs
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
	Policy      string `json:"policy"`
	Form        string `json:"form"`
}

func defaults() Input {
	return Input{
		Jobs:    []int{50, 80, 30, 60, 70, 40},
		Failing: []int{3},
		Gaps:    []int{},
		Trying:  []int{},
		Policy:  "cancelOthers",
		Form:    "errorGroup",
	}
}

const (
	mostLimit        = 1024
	mostJobs         = 100_000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	if in.Limit != nil {
		err := cookbook.Between(*in.Limit, 1, mostLimit, "limit")
		if err != nil {
			return err
		}
	}
	jobs := len(in.Jobs)
	if jobs > mostJobs {
		return fmt.Errorf("jobs must have at most %d elements, not %d",
			mostJobs, jobs)
	}
	if n := len(in.Gaps); n != 0 && n != jobs {
		return fmt.Errorf("gaps must have one element for each of the "+
			"%d jobs, not %d", jobs, n)
	}
	for _, list := range []struct {
		name   string
		values []int
	}{{"jobs", in.Jobs}, {"gaps", in.Gaps}} {
		for i, value := range list.values {
			err := cookbook.Between(
				value, 0, mostMilliseconds, list.name+"[%d]", i)
			if err != nil {
				return err
			}
		}
	}
	for _, list := range []struct {
		name   string
		values []int
	}{{"failing", in.Failing}, {"trying", in.Trying}} {
		for i, index := range list.values {
			if index < 0 || index >= jobs {
				return fmt.Errorf("%s[%d] must be the index of a job, not %d",
					list.name, i, index)
			}
		}
	}
	if in.CancelAfter != nil {
		err := cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
		if err != nil {
			return err
		}
	}
	switch in.Policy {
	case "cancelOthers", "keepFirst", "collectAll":
	default:
		return fmt.Errorf("policy must be cancelOthers, keepFirst or "+
			"collectAll, not %s", in.Policy)
	}
	switch in.Form {
	case "errorGroup":
	case "taskGroup":
		if len(in.Gaps) > 0 || len(in.Trying) > 0 ||
			in.Policy != "cancelOthers" {
			return fmt.Errorf("form taskGroup takes neither gaps nor " +
				"trying, and its policy is cancelOthers")
		}
	default:
		return fmt.Errorf(
			"form must be errorGroup or taskGroup, not %s", in.Form)
	}
	return nil
}

// Outcome is what the demo ends with.
type Outcome struct {
	Error   string   `json:"error,omitempty"`
	Errors  []string `json:"errors"`
	Refused []int    `json:"refused"`
}

// A Group is an [errgroup.Group], or one that is used like it.
type Group interface {
	Go(f func() error)
	TryGo(f func() error) bool
	SetLimit(n int)
	Wait() error
}

// NewGroup makes a group for a policy, and its context.
type NewGroup func(
	ctx context.Context, policy string,
) (Group, context.Context)

// Original makes the groups of errgroup and of this package.
func Original(
	ctx context.Context, policy string,
) (Group, context.Context) {
	switch policy {
	case "cancelOthers":
		return errgroup.WithContext(ctx)
	case "keepFirst":
		return new(errgroup.Group), ctx
	default:
		return new(All), ctx
	}
}

// Demo returns the demo around the groups that newGroup makes.
func Demo(newGroup NewGroup) cookbook.Demo {
	return cookbook.NewDemo(
		"a group of timed jobs, some of which fail",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, newGroup, in, record), nil
		})
}

type failure int

func (f failure) Error() string { return fmt.Sprintf("job %d failed", int(f)) }

func run(
	ctx context.Context,
	newGroup NewGroup,
	in Input,
	record *cookbook.Recorder,
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

	group, groupContext := newGroup(ctx, in.Policy)
	if in.Limit != nil {
		group.SetLimit(*in.Limit)
	}
	outcome := Outcome{
		Errors:  []string{},
		Refused: add(ctx, groupContext, group, in, record),
	}
	err := group.Wait()
	stop()
	record.Record("caller", "return", "")

	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			outcome.Errors = append(outcome.Errors, text(err))
		}
		outcome.Error = outcome.Errors[0]
	} else if err != nil {
		outcome.Error = text(err)
	}
	return outcome
}

func text(err error) string {
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	return err.Error()
}

// add adds the jobs one by one, and returns those that found no room.
func add(
	ctx, groupContext context.Context,
	group Group,
	in Input,
	record *cookbook.Recorder,
) []int {
	refused := []int{}
	for job := range in.Jobs {
		if groupContext.Err() != nil {
			break
		}
		item := strconv.Itoa(job)
		lane := "job " + item
		work := func() error {
			return perform(groupContext, job, in, record)
		}
		if slices.Contains(in.Trying, job) {
			record.Record(lane, "try", item)
			if !group.TryGo(work) {
				record.Record(lane, "refused", item)
				refused = append(refused, job)
			}
		} else {
			record.Record(lane, "add", item)
			group.Go(work)
		}
		if len(in.Gaps) > 0 {
			gap := time.Duration(in.Gaps[job]) * time.Millisecond
			if cookbook.Sleep(ctx, gap) != nil {
				break
			}
		}
	}
	return refused
}

func perform(
	ctx context.Context, job int, in Input, record *cookbook.Recorder,
) error {
	// With a limit a job may get its room from the one whose failure has
	// cancelled the group.
	if err := ctx.Err(); err != nil {
		return err
	}
	item := strconv.Itoa(job)
	lane := "job " + item
	record.Record(lane, "start", item)
	took := time.Duration(in.Jobs[job]) * time.Millisecond
	if err := cookbook.Sleep(ctx, took); err != nil {
		record.Record(lane, "cancelled", item)
		return err
	}
	if slices.Contains(in.Failing, job) {
		record.Record(lane, "fail", item)
		return failure(job)
	}
	record.Record(lane, "end", item)
	return nil
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
