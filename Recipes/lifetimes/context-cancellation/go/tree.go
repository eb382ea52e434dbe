package examples

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

type request struct {
	Work, Limits, Limited, Stopped, Values []int
}

func name(part int) string {
	return cookbook.At([]string{
		"page", "page/user", "page/ads", "page/user/face", "page/user/friends",
	}, part, fmt.Sprint("part ", part))
}

type userKey struct{}

// contexts is what wrong versions do in another way.
type contexts struct {
	deadline func(context.Context, time.Time) (context.Context, context.CancelFunc)
	value    func(ctx context.Context, user string) context.Context
	// below is the context of a part's own parts.
	below func(context.Context) context.Context
	// isOwn says whether the deadline that has passed is no outer one.
	isOwn  func(outer context.Context) bool
	reason func(error) string
}

var original = contexts{
	deadline: context.WithDeadline,
	value: func(ctx context.Context, user string) context.Context {
		return context.WithValue(ctx, userKey{}, user)
	},
	below: func(ctx context.Context) context.Context { return ctx },
	isOwn: func(outer context.Context) bool { return outer.Err() == nil },
	reason: func(err error) string {
		if errors.Is(err, context.DeadlineExceeded) {
			return "deadlineExpired"
		}
		return "unspecified"
	},
}

func (c contexts) run(ctx context.Context, stage cookbook.Stage, in request) error {
	tree{c, stage, in, time.Now()}.load(ctx, 0)
	return ctx.Err()
}

type tree struct {
	contexts
	stage     cookbook.Stage
	in        request
	beginning time.Time
}

func (t tree) load(ctx context.Context, part int) {
	if part >= len(t.in.Work) {
		return
	}
	name := name(part)
	ms := cookbook.At(t.in.Limits, part, 0)
	t.stage.Attempt(name, func() error {
		own, cancel := ctx, context.CancelFunc(func() {})
		switch {
		case slices.Contains(t.in.Limited, part) && part%2 == 0:
			own, cancel = t.deadline(ctx, t.beginning.Add(cookbook.Milliseconds(ms)))
		case slices.Contains(t.in.Limited, part):
			own, cancel = t.deadline(ctx, time.Now().Add(cookbook.Milliseconds(ms)))
		case slices.Contains(t.in.Stopped, part):
			own, cancel = t.stage.CancelAfter(ctx, name, &ms)
		}
		defer cancel()
		if slices.Contains(t.in.Values, part) {
			own = t.value(own, name)
		}
		err := t.stage.Busy(name, func() error { return t.work(own, part, name) })
		if errors.Is(err, context.DeadlineExceeded) && t.isOwn(ctx) {
			return errors.New("too slow")
		}
		if err != nil {
			return context.Canceled
		}
		return nil
	})
}

func (t tree) work(ctx context.Context, part int, name string) error {
	var left any
	if at, ok := ctx.Deadline(); ok {
		left = at.Sub(t.beginning).Milliseconds()
	}
	t.stage.Say(name, left)
	t.stage.Say(name, ctx.Value(userKey{}))
	err := t.stage.Sleep(ctx, t.in.Work[part])
	if err == nil {
		var wg sync.WaitGroup
		wg.Go(func() { t.load(t.below(ctx), 2*part+1) })
		wg.Go(func() { t.load(t.below(ctx), 2*part+2) })
		wg.Wait()
		err = ctx.Err()
	}
	if err != nil {
		t.stage.Say(name, t.reason(err))
	}
	return err
}
