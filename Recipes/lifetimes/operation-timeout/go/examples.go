// Package examples shows how an operation is given a time limit.
package examples

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/lifetimes/operation-timeout/go/attempts"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"select":   cookbook.With(letting(onTime)),
		"late":     cookbook.With(late),
		"let-go":   cookbook.With(letting(onTime)),
		"retry":    cookbook.With(retry),
		"attempts": cookbook.With(several),
	},
	Wrong: map[string]cookbook.Example{
		"select/unbuffered":     cookbook.With(letting(unbuffered)),
		"late/neverClosed":      cookbook.With(letting(onTime)),
		"attempts/wholeTimeout": cookbook.With(wholeTimeout),
	},
}

var errTooSlow = errors.New("too slow")

type call struct {
	Takes, Failing, Permanent, Deaf []int
	Limit                           *int
	Pause                           int
}

func (in call) limit() time.Duration {
	if in.Limit == nil {
		return 1000 * 24 * time.Hour
	}
	return milliseconds(*in.Limit)
}

func milliseconds(ms int) time.Duration {
	return time.Duration(ms) * time.Millisecond
}

func (in call) attempts() int { return max(len(in.Takes), 1) }

func (in call) takes(attempt int) int {
	if attempt < len(in.Takes) {
		return in.Takes[attempt]
	}
	return 1
}

func (in call) isTransient(err error) bool {
	return !slices.ContainsFunc(in.Permanent, func(attempt int) bool {
		return err.Error() == fmt.Sprintf("attempt %d failed", attempt)
	})
}

type fetch = func(ctx context.Context, attempt int) (int, error)

func (in call) fetch(stage cookbook.Stage, deaf []int) fetch {
	return func(ctx context.Context, attempt int) (int, error) {
		if slices.Contains(deaf, attempt) {
			ctx = context.WithoutCancel(ctx)
		}
		fails := slices.Contains(in.Failing, attempt)
		lane := fmt.Sprint("attempt ", attempt)
		return attempt, stage.Work(ctx, lane, in.takes(attempt), fails)
	}
}

type load = func(ctx context.Context) (int, error)

func (in call) load(stage cookbook.Stage) load {
	return func(ctx context.Context) (int, error) {
		return 0, stage.Work(ctx, "load", in.takes(0), len(in.Failing) > 0)
	}
}

type operation func(ctx context.Context, limit time.Duration, load load) (int, error)

// letting performs an operation whose load never looks at its context in a
// lane of its own, and waits for what it has left.
func letting(body operation) func(context.Context, cookbook.Stage, call) error {
	return func(ctx context.Context, stage cookbook.Stage, in call) error {
		rest := time.After(milliseconds(in.takes(0) + 2))
		stage.Attempt("call", func() error {
			page, err := body(ctx, in.limit(), func(context.Context) (int, error) {
				return in.load(stage)(context.Background())
			})
			if err == nil {
				stage.Say("call", page)
			}
			return tooSlow(err)
		})
		<-rest
		return nil
	}
}

// tooSlow says of a deadline what Swift says of it.
func tooSlow(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errTooSlow
	}
	return err
}

// #region answer
type answer struct {
	value int
	err   error
}

// #endregion

func onTime(ctx context.Context, limit time.Duration, work load) (int, error) {
	load := func() (int, error) { return work(ctx) }
	// #region select
	answers := make(chan answer, 1) // or a late answer waits for ever
	go func() {
		page, err := load()
		answers <- answer{page, err}
	}()
	select {
	case answer := <-answers:
		return answer.value, answer.err
	case <-time.After(limit):
		return 0, errTooSlow
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	// #endregion
}

func unbuffered(ctx context.Context, limit time.Duration, load load) (int, error) {
	answers := make(chan answer)
	go func() {
		page, err := load(ctx)
		answers <- answer{page, err}
	}()
	select {
	case answer := <-answers:
		return answer.value, answer.err
	case <-time.After(limit):
		return 0, errTooSlow
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func late(ctx context.Context, stage cookbook.Stage, in call) error {
	close := func(connection int) {
		stage.Say("load", fmt.Sprint("closes ", connection))
	}
	return letting(func(
		ctx context.Context, limit time.Duration, connect load,
	) (int, error) {
		// #region late
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		answers := make(chan answer) // no buffer: a send is a handover
		go func() {
			connection, err := connect(ctx)
			select {
			case answers <- answer{connection, err}:
			case <-ctx.Done(): // nobody takes it
				if err == nil {
					close(connection)
				}
			}
		}()
		select {
		case answer := <-answers:
			return answer.value, answer.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		// #endregion
	})(ctx, stage, in)
}

func retry(ctx context.Context, stage cookbook.Stage, in call) error {
	page, err := withRetries(ctx, in.limit(), in.attempts()-1, in.fetch(stage, nil))
	if err == nil {
		stage.Println(page)
	}
	return tooSlow(err)
}

func withRetries(
	ctx context.Context, limit time.Duration, last int, fetch fetch,
) (int, error) {
	// #region retry
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for attempt := 0; ; attempt++ {
		page, err := fetch(ctx, attempt)
		if err == nil || attempt == last || ctx.Err() != nil {
			return page, err
		}
	}
	// #endregion
}

func several(ctx context.Context, fmt cookbook.Stage, in call) error {
	n, limit, pause := in.attempts(), in.limit(), milliseconds(in.Pause)
	isTransient, fetch := in.isTransient, in.fetch(fmt, in.Deaf)
	// #region attempts
	page, err := attempts.Do(ctx, n, limit, pause, isTransient, fetch)
	// #endregion
	if err == nil {
		fmt.Println(page)
	}
	return err
}

func wholeTimeout(ctx context.Context, stage cookbook.Stage, in call) error {
	fetch := in.fetch(stage, in.Deaf)
	page, err := attempts.Do(ctx, in.attempts(), in.limit(), milliseconds(in.Pause),
		in.isTransient, func(_ context.Context, attempt int) (int, error) {
			return fetch(ctx, attempt)
		})
	if err == nil {
		stage.Println(page)
	}
	return err
}
