package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

var wrong = map[string]cookbook.Example{
	"plain/lastErrorWins":   cookbook.With(lastErrorWins),
	"plain/errorSwallowed":  cookbook.With(errorSwallowed),
	"plain/othersGoOn":      cookbook.With(othersGoOn),
	"limit/oneTooMany":      cookbook.With(limit, func(in *jobs) { in.Limit++ }),
	"try/trySucceedsAlways": cookbook.With(trySucceedsAlways),
	"keep-first/cancels":    cookbook.With(limit),
}

// lastErrorWins assigns each error to the one before.
func lastErrorWins(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, _, fetch := in.perform(stage)
	var mu sync.Mutex
	var last error
	group, ctx := errgroup.WithContext(ctx)
	_ = addAll(ctx, group, in, func(ctx context.Context, url int) error {
		err := fetch(ctx, url)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			last = err
		}
		return err
	})
	return last
}

// errorSwallowed starts goroutines whose errors go nowhere.
func errorSwallowed(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_ = keepFirst(ctx, stage, in)
	return nil
}

// othersGoOn gives the jobs the context that WithContext was called with.
func othersGoOn(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, _, fetch := in.perform(stage)
	group, _ := errgroup.WithContext(ctx)
	return addAll(ctx, group, in, fetch)
}

// trySucceedsAlways waits for room where it should turn away.
func trySucceedsAlways(ctx context.Context, stage cookbook.Stage, in requests) error {
	_, _, handle := in.perform(stage)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(in.Limit)
	for request := range in.arrive(ctx, stage) {
		group.Go(func() error { return handle(ctx, request) })
	}
	return group.Wait()
}
