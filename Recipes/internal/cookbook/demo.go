package cookbook

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Demo is a small program around one pattern.
type Demo struct {
	// Summary says in one line what the demo shows.
	Summary string
	// Defaults returns a pointer to a new input that holds the defaults.
	Defaults func() any
	// Run validates input, which Defaults made, and runs the demo.
	Run func(ctx context.Context, input any, record *Recorder) (any, error)
}

// An Input checks the bounds of its own fields.
type Input interface {
	Validate() error
}

// ErrBadInput is what Run's error wraps when the input is not valid.
var ErrBadInput = errors.New("bad input")

type badInput struct{ error }

func (b badInput) Is(target error) bool { return target == ErrBadInput }

// A Troubled outcome reports problems: the run as a whole went well,
// parts of it did not. Each problem is one line of text.
type Troubled interface {
	Problems() []string
}

// NewDemo returns a demo whose input has the type I. The JSON names of
// the outcome's fields must be declared in alphabetical order.
func NewDemo[I Input, O any](
	summary string,
	defaults func() I,
	run func(context.Context, I, *Recorder) (O, error),
) Demo {
	return Demo{
		Summary: summary,
		Defaults: func() any {
			input := defaults()
			return &input
		},
		Run: func(ctx context.Context, input any, record *Recorder) (any, error) {
			values := *input.(*I)
			if err := values.Validate(); err != nil {
				return nil, badInput{err}
			}
			return run(ctx, values, record)
		},
	}
}

// Between says that the field, whose name is formatted, is out of its
// bounds, which are inclusive.
func Between(value, least, most int, format string, arguments ...any) error {
	if value >= least && value <= most {
		return nil
	}
	name := fmt.Sprintf(format, arguments...)
	return fmt.Errorf("%s must be between %d and %d, not %d",
		name, least, most, value)
}

// Sleep returns after d, or with ctx's error as soon as ctx is done.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
