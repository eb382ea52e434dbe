package examples

import (
	"context"
	"errors"
	"time"

	"concurrencycookbook/internal/cookbook"
)

var wrong = map[string]cookbook.Example{
	"tree/waitsForItsTimer": with(func(c *contexts) {
		c.deadline = func(ctx context.Context, at time.Time) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithDeadline(ctx, at)
			return ctx, func() { <-ctx.Done(); cancel() }
		}
	}),
	"tree/cancelledInstead": with(func(c *contexts) {
		c.reason = func(error) string { return "unspecified" }
	}),
	"tree/extendsParentsDeadline": with(func(c *contexts) {
		c.deadline = func(ctx context.Context, at time.Time) (context.Context, context.CancelFunc) {
			free, cancel := context.WithDeadline(context.WithoutCancel(ctx), at)
			stop := context.AfterFunc(ctx, func() {
				if errors.Is(ctx.Err(), context.Canceled) {
					cancel()
				}
			})
			return free, func() { stop(); cancel() }
		}
	}),
	"tree/everyDeadlineIsItsOwn": with(func(c *contexts) {
		c.isOwn = func(context.Context) bool { return true }
	}),
	"tree/parentDoesNotReach": with(func(c *contexts) {
		c.below = context.WithoutCancel
	}),
	"tree/outermostValueWins": with(func(c *contexts) {
		c.value = func(ctx context.Context, user string) context.Context {
			if ctx.Value(userKey{}) != nil {
				return ctx
			}
			return original.value(ctx, user)
		}
	}),
}

func with(change func(*contexts)) cookbook.Example {
	changed := original
	change(&changed)
	return cookbook.With(changed.run)
}
