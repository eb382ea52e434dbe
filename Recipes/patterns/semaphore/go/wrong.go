package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/semaphore"
)

var wrong = map[string]cookbook.Example{
	"with-permits/deaf":             cookbook.With(plain),
	"with-permits/onePermitTooMany": cookbook.With(through(onePermitTooMany)),
	"with-permits/givesBackTooMuch": cookbook.With(through(givesBackTooMuch)),
	"with-permits/wakesAll":         cookbook.With(through(wakesAll)),
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

// wakesAll wakes all who wait, each of whom tries again.
func wakesAll(n int64) gate {
	return broadcast{semaphore.NewWeighted(n), sync.NewCond(new(sync.Mutex))}
}

type broadcast struct {
	*semaphore.Weighted
	cond *sync.Cond
}

func (b broadcast) Acquire(ctx context.Context, n int64) error {
	defer context.AfterFunc(ctx, b.wake)()
	b.cond.L.Lock()
	defer b.cond.L.Unlock()
	for ctx.Err() == nil && !b.TryAcquire(n) {
		b.cond.Wait()
	}
	return ctx.Err()
}

func (b broadcast) Release(n int64) {
	b.Weighted.Release(n)
	b.wake()
}

func (b broadcast) wake() {
	b.cond.L.Lock()
	defer b.cond.L.Unlock()
	b.cond.Broadcast()
}
