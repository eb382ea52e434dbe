// Package errgroup runs goroutines that may fail with
// golang.org/x/sync/errgroup.
//
// The package is documented at
// https://pkg.go.dev/golang.org/x/sync/errgroup. [All], which keeps every
// error, is the same with a slice and errors.Join.
package errgroup

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
)

// #region forEach

// ForEach calls work for each input, at most limit at once. The first
// error cancels the other calls and is returned when all have ended.
func ForEach[T any](
	ctx context.Context,
	limit int,
	inputs []T,
	work func(context.Context, T) error,
) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(limit) // negative: none
	for _, input := range inputs {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error {
			// Go may have waited for room until a failure made some.
			if err := ctx.Err(); err != nil {
				return err
			}
			return work(ctx, input)
		})
	}
	return group.Wait()
}

// #endregion

// #region all

// All is a group that keeps every error. No error cancels anything.
type All struct {
	group errgroup.Group

	mu   sync.Mutex
	errs []error
}

// SetLimit is errgroup's.
func (a *All) SetLimit(n int) { a.group.SetLimit(n) }

// Go is errgroup's.
func (a *All) Go(f func() error) { a.group.Go(a.keep(f)) }

// TryGo is errgroup's.
func (a *All) TryGo(f func() error) bool { return a.group.TryGo(a.keep(f)) }

// Wait returns the errors in the order of time, joined, or nil.
func (a *All) Wait() error {
	a.group.Wait()
	return errors.Join(a.errs...)
}

func (a *All) keep(f func() error) func() error {
	return func() error {
		err := f()
		if err != nil {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.errs = append(a.errs, err)
		}
		return err
	}
}

// #endregion
