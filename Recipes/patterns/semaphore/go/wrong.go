package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/semaphore"
)

// wrong holds semaphores that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"with-permits/deaf":             cookbook.With(plain),
	"with-permits/selectAlone":      cookbook.With(selectAlone),
	"with-permits/onePermitTooMany": through(onePermitTooMany),
	"with-permits/givesBackTooMuch": through(givesBackTooMuch),
	"with-permits/wakesAll":         through(wakesAll),
}

// selectAlone does not ask again whether its context is done.
func selectAlone(ctx context.Context, stage cookbook.Stage, in requests) error {
	if in.Form != "channel" {
		return withPermits(ctx, stage, in)
	}
	return in.use(ctx, stage, make(channel, in.Permits))
}

type channel chan struct{}

func (c channel) Acquire(ctx context.Context, _ int64) error {
	select {
	case c <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c channel) TryAcquire(int64) bool {
	select {
	case c <- struct{}{}:
		return true
	default:
		return false
	}
}

func (c channel) Release(int64) { <-c }

// through returns the example with another semaphore.
func through(open func(n int64) gate) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in requests,
	) error {
		return in.use(ctx, stage, open(int64(in.Permits)))
	})
}

func onePermitTooMany(n int64) gate { return semaphore.NewWeighted(n + 1) }

// givesBackTooMuch releases as if in a defer before the check of the error.
func givesBackTooMuch(n int64) gate { return generous{semaphore.NewWeighted(n)} }

type generous struct{ *semaphore.Weighted }

func (g generous) Acquire(ctx context.Context, n int64) error {
	err := g.Weighted.Acquire(ctx, n)
	if err != nil {
		g.Release(n)
	}
	return err
}

// wakesAll waits for a condition variable: whoever is the first to look again,
// and fits, is served.
func wakesAll(n int64) gate {
	c := &condition{free: n}
	c.wait.L = &c.mu
	return c
}

type condition struct {
	mu   sync.Mutex
	wait sync.Cond
	free int64
}

func (c *condition) Acquire(ctx context.Context, n int64) error {
	defer context.AfterFunc(ctx, func() { c.Release(0) })()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.free < n && ctx.Err() == nil {
		c.wait.Wait()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.free -= n
	return nil
}

func (c *condition) TryAcquire(n int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.free < n {
		return false
	}
	c.free -= n
	return true
}

func (c *condition) Release(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free += n
	c.wait.Broadcast()
}
