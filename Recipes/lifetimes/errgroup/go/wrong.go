package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"

	"golang.org/x/sync/errgroup"
)

// wrong holds groups that are wrong on purpose: the comparison must find each.
var wrong = map[string]cookbook.Example{
	"plain/lastErrorWins":   cookbook.With(lastErrorWins),
	"plain/errorSwallowed":  cookbook.With(errorSwallowed),
	"plain/othersGoOn":      cookbook.With(othersGoOn),
	"limit/oneTooMany":      cookbook.With(oneTooMany),
	"try/trySucceedsAlways": cookbook.With(trySucceedsAlways),
	"keep-first/cancels":    cookbook.With(limit),
}

// lastErrorWins assigns each error to the one before.
func lastErrorWins(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, urls, fetch := in.perform(stage)
	var mu sync.Mutex
	var last error
	group, ctx := errgroup.WithContext(ctx)
	for _, url := range urls {
		group.Go(func() error {
			err := fetch(ctx, url)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				last = err
			}
			return err
		})
	}
	_ = group.Wait()
	return last
}

// errorSwallowed starts goroutines whose errors go nowhere.
func errorSwallowed(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, urls, fetch := in.perform(stage)
	var wg sync.WaitGroup
	for _, url := range urls {
		wg.Go(func() { _ = fetch(ctx, url) })
	}
	wg.Wait()
	return nil
}

// othersGoOn gives the jobs the context that WithContext was called with.
func othersGoOn(ctx context.Context, stage cookbook.Stage, in jobs) error {
	_, urls, fetch := in.perform(stage)
	group, _ := errgroup.WithContext(ctx)
	for _, url := range urls {
		group.Go(func() error { return fetch(ctx, url) })
	}
	return group.Wait()
}

func oneTooMany(ctx context.Context, stage cookbook.Stage, in jobs) error {
	in.Limit++
	return limit(ctx, stage, in)
}

// trySucceedsAlways waits for room where it should turn away.
func trySucceedsAlways(
	ctx context.Context, stage cookbook.Stage, in requests,
) error {
	_, in.Urgent, _ = in.perform(stage)
	return tryToStart(ctx, stage, in)
}
