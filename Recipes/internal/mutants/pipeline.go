package mutants

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/patterns/pipeline"
)

// Pipeline holds wrong pipelines by the name of their mistake.
var Pipeline = map[string]pipeline.Form{
	"noBound":                  noBound,
	"stageAfterStage":          stageAfterStage,
	"oneTransformerTooMany":    oneTransformerTooMany,
	"leavingCancelsNoStage":    leavingCancelsNoStage,
	"closedTakenForComplete":   closedTakenForComplete,
	"worksOnAfterCancellation": worksOnAfterCancellation,
	"lastEntryLost":            lastEntryLost,
}

type (
	lines   = iter.Seq2[pipeline.Line, error]
	entries = iter.Seq2[pipeline.Entry, error]
	yielder = func(pipeline.Entry, error) bool
)

// noBound has room for a whole text between two stages.
func noBound(
	ctx context.Context, workers, _ int, source lines,
	stages pipeline.Stages,
) entries {
	return pipeline.Original(ctx, workers, 1_000, source, stages)
}

// oneTransformerTooMany counts from nought to the bound, both included.
func oneTransformerTooMany(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	return pipeline.Original(ctx, workers+1, buffer, source, stages)
}

// stageAfterStage parses all lines before it transforms the first.
func stageAfterStage(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	return func(yield yielder) {
		var all []pipeline.Parsed
		for line, err := range source {
			if err == nil {
				var parsed pipeline.Parsed
				if parsed, err = stages.Parse(ctx, line); err == nil {
					all = append(all, parsed)
				}
			}
			if err != nil {
				yield(pipeline.Entry{}, err)
				return
			}
		}
		pipeline.Run(ctx, func(
			ctx context.Context, g *errgroup.Group,
		) <-chan pipeline.Entry {
			parsed := pipeline.Gen(ctx, g, buffer,
				func(yield func(pipeline.Parsed, error) bool) {
					for _, line := range all {
						if !yield(line, nil) {
							return
						}
					}
				})
			return pipeline.Stage(
				ctx, g, workers, buffer, parsed, stages.Transform)
		})(yield)
	}
}

// leavingCancelsNoStage drops what still comes when its consumer has left.
func leavingCancelsNoStage(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	return func(yield yielder) {
		left := false
		pipeline.Original(ctx, workers, buffer, source, stages)(
			func(entry pipeline.Entry, err error) bool {
				left = left || !yield(entry, err)
				return true
			})
	}
}

// closedTakenForComplete does not ask the group how its stages ended.
func closedTakenForComplete(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	return func(yield yielder) {
		pipeline.Original(ctx, workers, buffer, source, stages)(
			func(entry pipeline.Entry, err error) bool {
				return err == nil && yield(entry, nil)
			})
	}
}

// worksOnAfterCancellation has a stage that is deaf.
func worksOnAfterCancellation(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	deaf := stages
	deaf.Transform = func(
		ctx context.Context, line pipeline.Parsed,
	) (pipeline.Entry, error) {
		return stages.Transform(context.WithoutCancel(ctx), line)
	}
	return pipeline.Original(ctx, workers, buffer, source, deaf)
}

// lastEntryLost looks at the next entry before it hands over the last.
func lastEntryLost(
	ctx context.Context, workers, buffer int, source lines,
	stages pipeline.Stages,
) entries {
	return func(yield yielder) {
		var held *pipeline.Entry
		pipeline.Original(ctx, workers, buffer, source, stages)(
			func(entry pipeline.Entry, err error) bool {
				if err != nil {
					return yield(entry, err)
				}
				last := held
				held = &entry
				return last == nil || yield(*last, nil)
			})
	}
}
