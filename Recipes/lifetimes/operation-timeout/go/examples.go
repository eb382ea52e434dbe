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
		"context":  cookbook.With(waiting(inTime)),
		"let-go":   cookbook.With(letting(withContext)),
		"retry":    cookbook.With(retry),
		"attempts": cookbook.With(several),
	},
	Wrong: map[string]cookbook.Example{
		"select/unbuffered":     cookbook.With(letting(unbuffered)),
		"context/notPassedOn":   cookbook.With(waiting(notPassedOn)),
		"late/neverClosed":      cookbook.With(letting(withContext)),
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

func waiting(body operation) func(context.Context, cookbook.Stage, call) error {
	return func(ctx context.Context, stage cookbook.Stage, in call) error {
		page, err := body(ctx, in.limit(), in.load(stage))
		if err == nil {
			stage.Println(page)
		}
		return tooSlow(err)
	}
}

// tooSlow says of a deadline what Swift says of it.
func tooSlow(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return errTooSlow
	}
	return err
}

func onTime(ctx context.Context, limit time.Duration, work load) (int, error) {
	load := func() (int, error) { return work(ctx) }
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

func unbuffered(ctx context.Context, limit time.Duration, load load) (int, error) {
	pages := make(chan int)
	go func() {
		page, _ := load(ctx)
		pages <- page
	}()
	select {
	case page := <-pages:
		return page, nil
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
		ctx context.Context, limit time.Duration, dial load,
	) (int, error) {
		connect := func() (int, error) { return dial(ctx) }
		type answer struct {
			connection int
			err        error
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		// #region late
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
		// #endregion
		select {
		case answer := <-answers:
			return answer.connection, answer.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})(ctx, stage, in)
}

func inTime(ctx context.Context, limit time.Duration, load load) (int, error) {
	// #region context
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // or the timer stays until it fires
	return load(ctx)
	// #endregion
}

func notPassedOn(ctx context.Context, limit time.Duration, load load) (int, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	page, err := load(ctx)
	return page, errors.Join(err, limited.Err())
}

func withContext(ctx context.Context, limit time.Duration, load load) (int, error) {
	type answer struct {
		page int
		err  error
	}
	// #region let-go
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answers := make(chan answer, 1)
	go func() {
		page, err := load(ctx)
		answers <- answer{page, err}
	}()
	select {
	case answer := <-answers:
		return answer.page, answer.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	// #endregion
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
	limit, pause := in.limit(), milliseconds(in.Pause)
	n, isTransient, fetch := in.attempts(), in.isTransient, in.fetch(fmt, in.Deaf)
	// #region attempts
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	page, err := attempts.Do(ctx, n, pause, isTransient, fetch)
	// #endregion
	if err == nil {
		fmt.Println(page)
	}
	return err
}

func wholeTimeout(ctx context.Context, stage cookbook.Stage, in call) error {
	fetch := in.fetch(stage, in.Deaf)
	ctx, cancel := context.WithTimeout(ctx, in.limit())
	defer cancel()
	page, err := attempts.Do(ctx, in.attempts(), milliseconds(in.Pause),
		in.isTransient, func(_ context.Context, attempt int) (int, error) {
			return fetch(ctx, attempt)
		})
	if err == nil {
		stage.Println(page)
	}
	return err
}
