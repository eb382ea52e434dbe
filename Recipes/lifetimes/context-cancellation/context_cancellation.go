// Package contextcancellation calls work under contexts that can be
// cancelled, that have a deadline, and that carry a value.
//
// The forms are those of the documentation of package context
// (https://pkg.go.dev/context) and of the Go blog, "Go Concurrency
// Patterns: Context" (https://go.dev/blog/context).
package contextcancellation

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// #region WithCancel

// WithCancel calls work with a context that cancel ends, as does the end
// of ctx. The context ends with the call at the latest.
func WithCancel(
	ctx context.Context,
	work func(ctx context.Context, cancel context.CancelFunc) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	// Critical: until cancel is called, ctx's parent keeps a reference
	// to it, and a timer keeps running.
	defer cancel()
	return work(ctx, cancel)
}

// #endregion

// #region WithDeadline

// WithDeadline calls work with a context that ends at the deadline, or
// with ctx when that is sooner. When the deadline is why work fails, the
// error is a *DeadlineError; a sooner deadline of ctx does not count.
func WithDeadline(
	ctx context.Context,
	deadline time.Time,
	work func(context.Context) error,
) error {
	// ctx.Err is the same for every deadline; only the cause tells
	// this one from those further out.
	own := errors.New("own deadline")
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, own)
	defer cancel() // critical, or the timer outlives the call
	err := work(ctx)
	if err != nil && context.Cause(ctx) == own {
		return &DeadlineError{deadline, err}
	}
	return err
}

// #endregion

// #region WithTimeout

// WithTimeout is WithDeadline with a deadline that lies d from now.
func WithTimeout(
	ctx context.Context,
	d time.Duration,
	work func(context.Context) error,
) error {
	return WithDeadline(ctx, time.Now().Add(d), work)
}

// #endregion

// A DeadlineError is the error of work that missed its own deadline.
type DeadlineError struct {
	Deadline time.Time
	Err      error // of the work
}

func (e *DeadlineError) Error() string {
	return fmt.Sprintf("deadline %v exceeded: %v", e.Deadline, e.Err)
}

// Unwrap makes it context.DeadlineExceeded, too.
func (e *DeadlineError) Unwrap() []error {
	return []error{context.DeadlineExceeded, e.Err}
}

// #region worker

// Pause takes d, or less when ctx is done: what every worker comes down
// to that can be cancelled.
func Pause(ctx context.Context, d time.Duration) error {
	// A select takes any case that is ready, so that a pause of no
	// length would outrun a context that is done.
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// #endregion

// #region value

// The key has a type of its own, so that no other package has it.
type requestKey struct{}

// WithRequest returns a context that carries the name of a request.
func WithRequest(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, requestKey{}, name)
}

// Request returns the name that ctx carries, if any.
func Request(ctx context.Context) (name string, ok bool) {
	name, ok = ctx.Value(requestKey{}).(string)
	return name, ok
}

// #endregion

// #region Abandoned

// Abandoned calls work, and stops waiting for it when ctx is done. Work
// that does not watch ctx then goes on, unseen.
func Abandoned(
	ctx context.Context, work func(context.Context) error,
) error {
	// Buffered, or abandoned work could never hand over its result, and
	// its goroutine would leak.
	done := make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// #endregion
