// Package examples shows how Go's semaphores are used: the buffered channel
// of Effective Go, "Channels" (https://go.dev/doc/effective_go#channels), and
// golang.org/x/sync/semaphore.
package examples

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/semaphore"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":        cookbook.With(plain),
		"with-permits": cookbook.With(withPermits),
		"cancelled":    cookbook.Plain(cancelled),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

func plain(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	n := in.Limit
	download := func(ctx context.Context, url int) int {
		_ = in.Hold(ctx, stage, url)
		return url
	}
	// #region plain
	permits := make(chan struct{}, n)

	fetch := func(ctx context.Context, url int) int {
		permits <- struct{}{}
		defer func() { <-permits }()
		return download(ctx, url)
	}
	// #endregion
	in.Come(ctx, stage, func(ctx context.Context, url int) error {
		fetch(ctx, url)
		return nil
	})
	stage.Println(cap(permits) - len(permits))
	return nil
}

func withPermits(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
	if !slices.ContainsFunc(in.Sizes, func(n int) bool { return n > 1 }) {
		return through(newChannel)(ctx, stage, in)
	}
	return through(newWeighted)(ctx, stage, in)
}

// A gate is a semaphore such as Weighted.
type gate interface {
	Acquire(ctx context.Context, n int64) error
	TryAcquire(n int64) bool
	Release(n int64)
}

func newWeighted(n int64) gate { return semaphore.NewWeighted(n) }

func newChannel(n int64) gate { return make(channel, n) }

// A channel hands out one permit at a time: of two goroutines that take
// several, each could hold half of what the other waits for.
type channel chan struct{}

func (permits channel) Acquire(ctx context.Context, _ int64) error {
	// #region channel
	select {
	case permits <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	// Where both were ready, chance has decided.
	if err := ctx.Err(); err != nil {
		<-permits
		return err
	}
	// #endregion
	return nil
}

func (permits channel) TryAcquire(int64) bool {
	select {
	case permits <- struct{}{}:
		return true
	default:
		return false
	}
}

func (permits channel) Release(int64) { <-permits }

var errBusy = errors.New("busy")

// through returns an example in which tasks come for the permits of a
// semaphore. At the end it counts those that are free.
func through(
	open func(n int64) gate,
) func(context.Context, cookbook.Stage, cookbook.Visits) error {
	return func(ctx context.Context, stage cookbook.Stage, in cookbook.Visits) error {
		permits := open(int64(in.Limit))
		download := func(ctx context.Context, url int) (int, error) {
			return url, in.Hold(ctx, stage, url)
		}
		// #region weighted
		fetch := func(ctx context.Context, url int, size int64) (int, error) {
			if err := permits.Acquire(ctx, size); err != nil {
				return 0, err
			}
			defer permits.Release(size)
			return download(ctx, url)
		}

		fetchNow := func(ctx context.Context, url int, size int64) (int, error) {
			if !permits.TryAcquire(size) {
				return 0, errBusy
			}
			defer permits.Release(size)
			return download(ctx, url)
		}
		// #endregion
		in.Come(ctx, stage, func(ctx context.Context, url int) error {
			get := fetch
			if in.Tries(url) {
				get = fetchNow
			}
			_, err := get(ctx, url, int64(in.Size(url)))
			return err
		})
		free := 0
		for free <= in.Limit && permits.TryAcquire(1) {
			free++
		}
		stage.Println(free)
		return nil
	}
}

// cancelled asks for a permit that is free when its context is done already.
func cancelled(ctx context.Context, stage cookbook.Stage) error {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	permits := make(chan struct{}, 1)
	stage.Attempt("select", func() error {
		select {
		case permits <- struct{}{}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	for lane, open := range map[string]func(n int64) gate{
		"channel": newChannel, "Weighted": newWeighted,
	} {
		stage.Attempt(lane, func() error { return open(1).Acquire(ctx, 1) })
	}
	return nil
}

var workloads = []cookbook.Workload{
	{Name: "uncontended", Run: share(1, newChannel, func() {})},
	{Name: "uncontended-weighted", Run: share(1, newWeighted, func() {})},
	{Name: "contended", Run: share(64, newChannel, func() {})},
	{Name: "contended-weighted", Run: share(64, newWeighted, func() {})},
	{Name: "handed-over", Run: share(64, newWeighted, runtime.Gosched)},
}

// share shares operations out among goroutines, and adds up their numbers.
func share(
	goroutines int, open func(n int64) gate, hold func(),
) func(operations int) int {
	return func(operations int) int {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		permits := open(4)
		var sum atomic.Int64
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				part := 0
				for n := operations * i / goroutines; n < operations*(i+1)/goroutines; n++ {
					cookbook.Must(permits.Acquire(ctx, 1))
					hold()
					permits.Release(1)
					part += n & 7
				}
				sum.Add(int64(part))
			})
		}
		wg.Wait()
		return int(sum.Load())
	}
}
