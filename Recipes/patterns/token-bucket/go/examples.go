// Package examples shows how a token bucket is used.
package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
	rate "concurrencycookbook/patterns/token-bucket/go/tokenbucket"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":    cookbook.With(plain),
		"take":     cookbook.With(buckets{limiter}.take),
		"try-take": cookbook.With(tryTake),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

// input holds the fields of all examples, of which each has some.
type input struct {
	Burst, Every  int
	Pauses, Calls []int
	CancelSecond  *int
}

func (in input) every() time.Duration {
	return time.Duration(in.Every) * time.Millisecond
}

func plain(ctx context.Context, stage cookbook.Stage, in input) error {
	every, call := in.every(), stage.Sink("call", in.Calls)
	requests := len(in.Calls)
	// #region plain
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for request := range requests {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := call(ctx, request); err != nil {
			return err
		}
	}
	// #endregion
	return nil
}

// A waiter is what the example asks of a limiter.
type waiter interface {
	Wait(ctx context.Context) error
}

// buckets stands in the place of the package.
type buckets struct {
	NewLimiter func(limit rate.Limit, burst int) waiter
}

func (buckets) Every(interval time.Duration) rate.Limit {
	return rate.Every(interval)
}

func limiter(limit rate.Limit, burst int) waiter {
	return rate.NewLimiter(limit, burst)
}

func (rate buckets) take(
	ctx context.Context, stage cookbook.Stage, in input,
) error {
	interval, burst := in.every(), in.Burst
	call := stage.Sink("task", in.Calls)
	// #region bucket
	quota := rate.NewLimiter(rate.Every(interval), burst)
	// #endregion
	return in.perform(ctx, stage, func(ctx context.Context, request int) error {
		// #region take
		if err := quota.Wait(ctx); err != nil {
			return err
		}
		return call(ctx, request)
		// #endregion
	})
}

func tryTake(ctx context.Context, stage cookbook.Stage, in input) error {
	quota := rate.NewLimiter(rate.Every(in.every()), in.Burst)
	call := stage.Sink("task", in.Calls)
	refuse := func(request int) error {
		stage.Say("refused", request)
		return nil
	}
	return in.perform(ctx, stage, func(ctx context.Context, request int) error {
		// #region tryTake
		if !quota.Allow() {
			return refuse(request)
		}
		return call(ctx, request)
		// #endregion
	})
}

// perform serves each request in a goroutine of its own.
func (in input) perform(
	ctx context.Context, stage cookbook.Stage,
	serve func(ctx context.Context, request int) error,
) error {
	var visits cookbook.Visits
	at := 0
	for _, pause := range in.Pauses {
		at += pause
		visits.Arrivals = append(visits.Arrivals, at)
	}
	if in.CancelSecond != nil {
		visits.Patience = []int{0, *in.CancelSecond}
	}
	visits.Come(ctx, stage, serve)
	return ctx.Err()
}

var workloads = []cookbook.Workload{
	{Name: "free-tokens", Run: func(operations int) int {
		quota := rate.NewLimiter(rate.Every(time.Nanosecond), 1_000)
		sum := 0
		for item := range operations {
			cookbook.Must(quota.Wait(context.Background()))
			sum += item & 7
		}
		return sum
	}},
}
