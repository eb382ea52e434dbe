// Package examples runs a search and one with a planted leak.
package examples

import (
	"context"
	"fmt"
	"slices"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/lifetimes/leak-tests/go/search"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"search": cookbook.With(with(search.First)),
	},
	Wrong: map[string]cookbook.Example{
		"search/leaky": cookbook.With(with(leaky)),
	},
}

type input struct {
	Times, Failing []int
}

func with(
	search func(context.Context, ...search.Ask) (string, error),
) func(context.Context, cookbook.Stage, input) error {
	return func(ctx context.Context, stage cookbook.Stage, in input) error {
		answer, err := search(ctx, asks(stage, in)...)
		if err == nil {
			stage.Println(answer)
		}
		return err
	}
}

// asks returns what asks the replicas, one after another in time.
func asks(stage cookbook.Stage, in input) []search.Ask {
	all := make([]search.Ask, len(in.Times))
	for n, ms := range in.Times {
		lane, fails := fmt.Sprint("ask ", n), slices.Contains(in.Failing, n)
		all[n] = func(ctx context.Context) (string, error) {
			return lane, stage.Work(ctx, lane, ms, fails)
		}
	}
	return all
}

// leaky goes on when the example has returned, which cancels its context.
func leaky(ctx context.Context, asks ...search.Ask) (string, error) {
	for n, ask := range asks {
		asks[n] = func(ctx context.Context) (string, error) {
			return ask(context.WithoutCancel(ctx))
		}
	}
	return search.Leaky(ctx, asks...)
}
