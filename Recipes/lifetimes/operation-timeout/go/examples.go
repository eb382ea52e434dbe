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
		"call":     cookbook.With(once),
		"select":   cookbook.With(letting(onTime)),
		"late":     cookbook.With(letting(handedOver)),
		"retry":    cookbook.With(retry),
		"attempts": cookbook.With(several),
	},
	Wrong: map[string]cookbook.Example{
		"select/unbuffered": cookbook.With(letting(unbuffered)),
		"late/neverClosed":  cookbook.With(letting(onTime)),
	},
}

var errTooSlow = errors.New("too slow")

type call struct {
	Takes, Failing, Permanent, Deaf []int
	More                            int
	Limit                           *int
	Pause, Most                     int
}

func (in call) limit() time.Duration {
	return cookbook.Limit(in.Limit) + time.Duration(in.More)*time.Microsecond
}

func (in call) attempts() int { return max(len(in.Takes), in.Most, 1) }

func (in call) takes(attempt int) int { return cookbook.At(in.Takes, attempt, 1) }

func (in call) isTransient(err error) bool {
	return !slices.ContainsFunc(in.Permanent, func(attempt int) bool {
		return err.Error() == fmt.Sprintf("load %d failed", attempt)
	})
}

type load = func(ctx context.Context, attempt int) (int, error)

// load returns an operation of which some attempts never look at their context.
func (in call) load(stage cookbook.Stage, deaf []int) load {
	return func(ctx context.Context, attempt int) (int, error) {
		if slices.Contains(deaf, attempt) {
			ctx = context.WithoutCancel(ctx)
		}
		fails := slices.Contains(in.Failing, attempt)
		lane := fmt.Sprint("load ", attempt)
		return attempt, stage.Work(ctx, lane, in.takes(attempt), fails)
	}
}

type deaf = func() (int, error)

type operation func(
	ctx context.Context, stage cookbook.Stage, limit time.Duration, load deaf,
) (int, error)

// letting performs an operation in a lane of its own, and waits for what it
// has left. What it loads never looks for cancellation.
func letting(body operation) func(context.Context, cookbook.Stage, call) error {
	return func(ctx context.Context, stage cookbook.Stage, in call) error {
		rest := time.After(cookbook.Milliseconds(in.takes(0) + 2))
		stage.Attempt("call", func() error {
			load := func() (int, error) {
				return in.load(stage, nil)(context.Background(), 0)
			}
			value, err := body(ctx, stage, in.limit(), load)
			if err == nil {
				stage.Say("call", value)
			}
			return tooSlow(err)
		})
		<-rest
		return nil
	}
}

// tooSlow says of a deadline what Swift says of it.
func tooSlow(err error) error {
	if err == context.DeadlineExceeded {
		return errTooSlow
	}
	return err
}

func onTime(
	ctx context.Context, _ cookbook.Stage, limit time.Duration, load deaf,
) (int, error) {
	// #region select
	type answer struct {
		page int
		err  error
	}
	answers := make(chan answer, 1) // or a late answer waits for ever
	go func() {
		page, err := load()
		answers <- answer{page, err}
	}()
	select {
	case answer := <-answers:
		return answer.page, answer.err
	case <-time.After(limit):
		return 0, errTooSlow
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	// #endregion
}

func unbuffered(
	ctx context.Context, stage cookbook.Stage, limit time.Duration, load deaf,
) (int, error) {
	answers := make(chan func() (int, error))
	go func() {
		page, err := load()
		answers <- func() (int, error) { return page, err }
	}()
	select {
	case answer := <-answers:
		return answer()
	case <-time.After(limit):
		return 0, errTooSlow
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func handedOver(
	ctx context.Context, stage cookbook.Stage, limit time.Duration, connect deaf,
) (int, error) {
	type answer struct {
		connection int
		err        error
	}
	close := func(connection int) {
		stage.Say("load 0", fmt.Sprint("closes ", connection))
	}
	// #region late
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan answer) // no buffer: a send is a handover
	go func() {
		connection, err := connect()
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
		return answer.connection, answer.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	// #endregion
}

func once(ctx context.Context, fmt cookbook.Stage, in call) error {
	limit, attempt := in.limit(), in.load(fmt, nil)
	load := func(ctx context.Context) (int, error) { return attempt(ctx, 0) }
	// #region call
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // or the timer stays until it fires
	page, err := load(ctx)
	// #endregion
	return printing(fmt, page, err)
}

func printing(fmt cookbook.Stage, page int, err error) error {
	if err == nil {
		fmt.Println(page)
	}
	return tooSlow(err)
}

func retry(ctx context.Context, fmt cookbook.Stage, in call) error {
	page, err := withRetries(ctx, in.limit(), in.attempts()-1, in.load(fmt, nil))
	return printing(fmt, page, err)
}

func withRetries(
	ctx context.Context, limit time.Duration, last int, load load,
) (int, error) {
	// #region retry
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for attempt := 0; ; attempt++ {
		page, err := load(ctx, attempt)
		if err == nil || attempt == last || ctx.Err() != nil {
			return page, err
		}
	}
	// #endregion
}

func several(ctx context.Context, fmt cookbook.Stage, in call) error {
	n, limit, pause := in.attempts(), in.limit(), cookbook.Milliseconds(in.Pause)
	isTransient, load := in.isTransient, in.load(fmt, in.Deaf)
	// #region attempts
	page, err := attempts.Do(ctx, n, limit, pause, isTransient, load)
	// #endregion
	return printing(fmt, page, err)
}
