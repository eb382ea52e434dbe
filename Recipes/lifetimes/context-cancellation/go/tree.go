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
	Work    []int `json:"work"`
	Limits  []int `json:"limits"`
	Limited []int `json:"limited"`
	Dated   []int `json:"dated"`
	Stopped []int `json:"stopped"`
	Values  []int `json:"values"`
}

func name(part int) string {
	names := []string{
		"page", "page/user", "page/feed", "page/user/avatar",
		"page/user/friends", "page/feed/posts", "page/feed/ads",
	}
	if part < len(names) {
		return names[part]
	}
	return fmt.Sprint("part ", part)
}

type userKey struct{}

// contexts is what wrong versions do in another way.
type contexts struct {
	deadline func(context.Context, time.Time) (context.Context, context.CancelFunc)
	value    func(ctx context.Context, user string) context.Context
	// below is the context of a part's own parts.
	below func(context.Context) context.Context
	// isOwn says whether the deadline that has passed is no outer one.
	isOwn func(outer context.Context) bool
}

var original = contexts{
	deadline: context.WithDeadline,
	value: func(ctx context.Context, name string) context.Context {
		// #region set
		ctx = context.WithValue(ctx, userKey{}, name)
		// #endregion
		return ctx
	},
	below: func(ctx context.Context) context.Context { return ctx },
	isOwn: func(outer context.Context) bool { return outer.Err() == nil },
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
	var stop *int
	var deadline *time.Time
	within := func(start time.Time) {
		at := start.Add(time.Duration(t.in.Limits[part]) * time.Millisecond)
		deadline = &at
	}
	switch {
	case slices.Contains(t.in.Limited, part):
		within(time.Now())
	case slices.Contains(t.in.Dated, part):
		within(t.beginning)
	case slices.Contains(t.in.Stopped, part):
		stop = &t.in.Limits[part]
	}
	ctx, forget := t.stage.CancelAfter(ctx, name, stop)
	defer forget()
	t.stage.Attempt(name, func() error {
		own := ctx
		if slices.Contains(t.in.Values, part) {
			own = t.value(own, name)
		}
		if deadline != nil {
			dated, cancel := t.deadline(own, *deadline)
			defer cancel()
			own = dated
		}
		err := t.stage.Busy(name, func() error { return t.work(own, part, name) })
		switch {
		case errors.Is(err, context.DeadlineExceeded) && t.isOwn(ctx):
			return errors.New("too slow")
		case err != nil:
			return context.Canceled
		}
		return nil
	})
}

func (t tree) work(ctx context.Context, part int, name string) error {
	var left *int64
	if at, ok := ctx.Deadline(); ok {
		ms := at.Sub(t.beginning).Milliseconds()
		left = &ms
	}
	// #region value
	user := ctx.Value(userKey{})
	// #endregion
	t.stage.Say(name, left)
	t.stage.Say(name, user)
	err := t.stage.Sleep(ctx, t.in.Work[part])
	if err == nil {
		var wg sync.WaitGroup
		wg.Go(func() { t.load(t.below(ctx), 2*part+1) })
		wg.Go(func() { t.load(t.below(ctx), 2*part+2) })
		wg.Wait()
		err = ctx.Err()
	}
	switch err {
	case context.DeadlineExceeded:
		t.stage.Say(name, "deadlineExpired")
	case context.Canceled:
		t.stage.Say(name, "unspecified")
	}
	return err
}
