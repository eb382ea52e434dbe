package mutants

import (
	"context"
	"errors"
	"time"

	contextcancellation "concurrencycookbook/lifetimes/context-cancellation"
)

// ContextCancellation holds wrong scopes by the name of their mistake.
var ContextCancellation = map[string]contextcancellation.Scopes{
	"waitsForItsTimer":       withDeadline(waitsForItsTimer),
	"cancelledInstead":       withDeadline(cancelledInstead),
	"extendsParentsDeadline": withDeadline(extendsParentsDeadline),
	"everyDeadlineIsItsOwn":  withDeadline(everyDeadlineIsItsOwn),
	"parentDoesNotReach":     parentDoesNotReach(),
	"outermostValueWins":     outermostValueWins(),
}

type deadlineCall = func(
	context.Context, time.Time, func(context.Context) error,
) error

// withDeadline is the original with another call for deadlines and
// timeouts.
func withDeadline(call deadlineCall) contextcancellation.Scopes {
	scopes := contextcancellation.Original
	scopes.WithDeadline = call
	scopes.WithTimeout = func(
		ctx context.Context, d time.Duration,
		work func(context.Context) error,
	) error {
		return call(ctx, time.Now().Add(d), work)
	}
	return scopes
}

// waitsForItsTimer has nobody who stops the timer.
func waitsForItsTimer(
	ctx context.Context, deadline time.Time,
	work func(context.Context) error,
) error {
	return contextcancellation.WithDeadline(ctx, deadline,
		func(ctx context.Context) error {
			err := work(ctx)
			<-ctx.Done()
			return err
		})
}

// cancelledInstead calls cancel when the time is up, so that the reason
// is lost.
func cancelledInstead(
	ctx context.Context, deadline time.Time,
	work func(context.Context) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	timer := time.AfterFunc(time.Until(deadline), cancel)
	defer timer.Stop()
	return work(deadlined{ctx, deadline})
}

// deadlined is a context with another deadline to show.
type deadlined struct {
	context.Context
	deadline time.Time
}

func (d deadlined) Deadline() (time.Time, bool) {
	if sooner, ok := d.Context.Deadline(); ok && sooner.Before(d.deadline) {
		return sooner, true
	}
	return d.deadline, true
}

// extendsParentsDeadline takes cancellation from its parent, but no
// deadline.
func extendsParentsDeadline(
	ctx context.Context, deadline time.Time,
	work func(context.Context) error,
) error {
	own := errors.New("own deadline")
	free, cancel := context.WithDeadlineCause(
		context.WithoutCancel(ctx), deadline, own)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) {
			cancel()
		}
	})
	defer stop()
	err := work(free)
	if err != nil && context.Cause(free) == own {
		return &contextcancellation.DeadlineError{
			Deadline: deadline, Err: err,
		}
	}
	return err
}

// everyDeadlineIsItsOwn asks ctx.Err, which is the same for every
// deadline further out.
func everyDeadlineIsItsOwn(
	ctx context.Context, deadline time.Time,
	work func(context.Context) error,
) error {
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	err := work(ctx)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &contextcancellation.DeadlineError{
			Deadline: deadline, Err: err,
		}
	}
	return err
}

// parentDoesNotReach begins a tree of its own.
func parentDoesNotReach() contextcancellation.Scopes {
	scopes := contextcancellation.Original
	scopes.WithCancel = func(
		ctx context.Context,
		work func(context.Context, context.CancelFunc) error,
	) error {
		return contextcancellation.WithCancel(
			context.WithoutCancel(ctx), work)
	}
	return scopes
}

// outermostValueWins keeps the value that is there.
func outermostValueWins() contextcancellation.Scopes {
	scopes := contextcancellation.Original
	scopes.WithRequest = func(
		ctx context.Context, name string,
	) context.Context {
		if _, ok := contextcancellation.Request(ctx); ok {
			return ctx
		}
		return contextcancellation.WithRequest(ctx, name)
	}
	return scopes
}
