package mutants

import (
	"context"
	"sync"

	"concurrencycookbook/lifetimes/errgroup"
)

// Errgroup holds the wrong groups by the name of their mistake.
var Errgroup = map[string]errgroup.NewGroup{
	"lastErrorWins":     lastErrorWins,
	"errorSwallowed":    errorSwallowed,
	"othersGoOn":        othersGoOn,
	"oneTooMany":        oneTooMany,
	"trySucceedsAlways": trySucceedsAlways,
}

// lastErrorWins assigns each error to the one before.
func lastErrorWins(
	ctx context.Context, policy string,
) (errgroup.Group, context.Context) {
	group, ctx := errgroup.Original(ctx, policy)
	return &overwritingGroup{Group: group}, ctx
}

type overwritingGroup struct {
	errgroup.Group
	mu  sync.Mutex
	err error
}

func (o *overwritingGroup) note(f func() error) func() error {
	return func() error {
		err := f()
		if err != nil {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.err = err
		}
		return err
	}
}

func (o *overwritingGroup) Go(f func() error) { o.Group.Go(o.note(f)) }

func (o *overwritingGroup) TryGo(f func() error) bool {
	return o.Group.TryGo(o.note(f))
}

func (o *overwritingGroup) Wait() error {
	o.Group.Wait()
	return o.err
}

// errorSwallowed starts goroutines whose errors go nowhere.
func errorSwallowed(
	ctx context.Context, policy string,
) (errgroup.Group, context.Context) {
	group, ctx := errgroup.Original(ctx, policy)
	return swallowingGroup{group}, ctx
}

type swallowingGroup struct{ errgroup.Group }

func (s swallowingGroup) Go(f func() error) {
	s.Group.Go(func() error { f(); return nil })
}

func (s swallowingGroup) TryGo(f func() error) bool {
	return s.Group.TryGo(func() error { f(); return nil })
}

// othersGoOn gives the jobs the context that WithContext was called with.
func othersGoOn(
	ctx context.Context, policy string,
) (errgroup.Group, context.Context) {
	group, _ := errgroup.Original(ctx, policy)
	return group, ctx
}

// oneTooMany takes the limit for the number of those that may wait.
func oneTooMany(
	ctx context.Context, policy string,
) (errgroup.Group, context.Context) {
	group, ctx := errgroup.Original(ctx, policy)
	return widerGroup{group}, ctx
}

type widerGroup struct{ errgroup.Group }

func (w widerGroup) SetLimit(n int) { w.Group.SetLimit(n + 1) }

// trySucceedsAlways waits for room, and then says that there was some.
func trySucceedsAlways(
	ctx context.Context, policy string,
) (errgroup.Group, context.Context) {
	group, ctx := errgroup.Original(ctx, policy)
	return eagerGroup{group}, ctx
}

type eagerGroup struct{ errgroup.Group }

func (e eagerGroup) TryGo(f func() error) bool {
	e.Group.Go(f)
	return true
}
