// Package examples shows how a request is sent again when it is slow.
package examples

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/hedged-request/go/hedge"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":  cookbook.With(plain),
		"send":   cookbook.With(send),
		"budget": cookbook.With(budget),
	},
	Wrong: map[string]cookbook.Example{
		"send/firstAnswer": cookbook.With(firstAnswer),
	},
}

type call struct {
	Attempts, Failing []int
	Delay             int
}

func (in call) delay() time.Duration {
	return time.Duration(in.Delay) * time.Millisecond
}

type fetch = func(ctx context.Context, attempt int) (int, error)

func (in call) fetch(stage cookbook.Stage) fetch {
	return func(ctx context.Context, attempt int) (int, error) {
		ms := 1 // plain code has two, whatever the input
		if attempt < len(in.Attempts) {
			ms = in.Attempts[attempt]
		}
		fails := slices.Contains(in.Failing, attempt)
		return attempt, stage.Work(ctx, fmt.Sprint("attempt ", attempt), ms, fails)
	}
}

func plain(ctx context.Context, fmt cookbook.Stage, in call) error {
	page, err := inTwo(ctx, in.delay(), in.fetch(fmt))
	if err == nil {
		fmt.Println(page)
	}
	return err
}

func inTwo(ctx context.Context, delay time.Duration, fetch fetch) (int, error) {
	// #region plain
	type answer struct {
		page int
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	answers := make(chan answer, 2)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		page, err := fetch(ctx, 0)
		answers <- answer{page, err}
	})
	wg.Go(func() {
		select {
		case <-time.After(delay):
			page, err := fetch(ctx, 1)
			answers <- answer{page, err}
		case <-ctx.Done():
			answers <- answer{0, ctx.Err()}
		}
	})
	first := <-answers
	if first.err == nil {
		return first.page, nil
	}
	if second := <-answers; second.err == nil {
		return second.page, nil
	}
	return 0, first.err
	// #endregion
}

func send(ctx context.Context, fmt cookbook.Stage, in call) error {
	fetch, delay, attempts := in.fetch(fmt), in.delay(), len(in.Attempts)
	// #region send
	request := hedge.New(delay, attempts, attempts)
	page, err := hedge.Do(ctx, request, fetch)
	// #endregion
	if err == nil {
		fmt.Println(page)
	}
	return err
}

func firstAnswer(ctx context.Context, stage cookbook.Stage, in call) error {
	fetch := in.fetch(stage)
	request := hedge.New(in.delay(), len(in.Attempts), len(in.Attempts))
	var problem error
	page, err := hedge.Do(ctx, request, func(ctx context.Context, n int) (int, error) {
		page, err := fetch(ctx, n)
		if err != nil && ctx.Err() == nil {
			problem = err
			return page, nil
		}
		return page, err
	})
	if problem != nil {
		return problem
	}
	if err == nil {
		stage.Println(page)
	}
	return err
}

type calls struct {
	Arrivals, First, Second []int
	Delay, Budget           int
}

func budget(ctx context.Context, stage cookbook.Stage, in calls) error {
	delay, budget := time.Duration(in.Delay)*time.Millisecond, in.Budget
	// #region budget
	request := hedge.New(delay, 2, budget)
	// #endregion
	visits := cookbook.Visits{Arrivals: in.Arrivals}
	visits.Come(ctx, stage, func(ctx context.Context, task int) error {
		winner, err := hedge.Do(ctx, request,
			func(ctx context.Context, attempt int) (int, error) {
				times, lane := in.First, fmt.Sprint("first ", task)
				if attempt > 0 {
					times, lane = in.Second, fmt.Sprint("second ", task)
				}
				ms := 1
				if task < len(times) {
					ms = times[task]
				}
				return attempt, stage.Work(ctx, lane, ms, false)
			})
		if err == nil {
			stage.Say(fmt.Sprint("task ", task), winner)
		}
		return err
	})
	return nil
}
