package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
)

var wrong = map[string]cookbook.Example{
	"for-each/oneWorkerTooMany": cookbook.With(forEach, func(in *jobs) { in.Workers++ }),
	"for-each/keepsGoing":       cookbook.With(keepsGoing),
	"for-each/returnsEarly":     cookbook.With(returnsEarly),
	"map/lostResult":            cookbook.With(lostResult),
}

// keepsGoing notes the first error and the cancellation, and goes on.
func keepsGoing(ctx context.Context, stage cookbook.Stage, in jobs) error {
	failed := make(chan error, len(in.Jobs)+1)
	download := in.download(stage)
	_ = boundedpool.ForEach(
		context.WithoutCancel(ctx), in.Workers, in.urls(),
		func(ctx context.Context, url int) error {
			if _, err := download(ctx, url); err != nil {
				failed <- err
			}
			return nil
		})
	failed <- ctx.Err()
	return <-failed
}

func returnsEarly(ctx context.Context, stage cookbook.Stage, in jobs) error {
	go forEach(ctx, stage, in)
	return nil
}

func lostResult(ctx context.Context, stage cookbook.Stage, in jobs) error {
	pages, err := boundedpool.Map(
		ctx, in.Workers, in.urls(), in.download(stage))
	if err == nil {
		stage.Say("caller", pages[:max(0, len(pages)-1)])
	}
	return err
}
