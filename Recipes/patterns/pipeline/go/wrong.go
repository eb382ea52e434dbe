package examples

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/pipeline/go/pipeline"
)

// wrong holds pipelines that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"stages/noBound":                  cookbook.With(noBound),
	"stages/oneWorkerTooMany":         cookbook.With(oneWorkerTooMany),
	"slow-source/stageAfterStage":     cookbook.With(stageAfterStage),
	"slow-source/leavingCancelsNone":  seen(leavingCancelsNone),
	"slow-source/closedIsComplete":    seen(closedIsComplete),
	"slow-source/lastLost":            seen(lastLost),
	"slow-source/goesOnWhenCancelled": cookbook.With(goesOnWhenCancelled),
}

func noBound(ctx context.Context, stage cookbook.Stage, in photos) error {
	in.Loaded, in.Resized = 1_000, 1_000
	return stages(ctx, stage, in)
}

func oneWorkerTooMany(ctx context.Context, stage cookbook.Stage, in photos) error {
	in.Workers++
	return stages(ctx, stage, in)
}

type thumbnails = iter.Seq2[thumbnail, error]

// from runs the stages behind load.
func (w *work) from(
	ctx context.Context, images func(context.Context) iter.Seq2[image, error],
	resize func(context.Context, image) (thumbnail, error),
) thumbnails {
	return pipeline.Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan thumbnail {
			source := pipeline.Gen(ctx, g, w.Loaded, images(ctx))
			return pipeline.Stage(ctx, g, w.Workers, w.Resized, source, resize)
		})
}

// seen returns an example whose consumer sees something else than comes.
func seen(change func(thumbnails) thumbnails) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in photos) error {
			w := &work{photos: in, stage: stage}
			return w.saveAll(ctx, change(w.from(ctx, w.images, w.resize)))
		})
}

// leavingCancelsNone drops what still comes when its consumer has left.
func leavingCancelsNone(all thumbnails) thumbnails {
	return func(yield func(thumbnail, error) bool) {
		left := false
		for thumbnail, err := range all {
			left = left || !yield(thumbnail, err)
		}
	}
}

// closedIsComplete does not ask the group how its stages ended.
func closedIsComplete(all thumbnails) thumbnails {
	return func(yield func(thumbnail, error) bool) {
		for thumbnail, err := range all {
			if err != nil || !yield(thumbnail, nil) {
				return
			}
		}
	}
}

// lastLost looks at the next thumbnail before it hands over the last.
func lastLost(all thumbnails) thumbnails {
	return func(yield func(thumbnail, error) bool) {
		var held *thumbnail
		for thumbnail, err := range all {
			if err != nil {
				yield(thumbnail, err)
				return
			}
			if held != nil && !yield(*held, nil) {
				return
			}
			held = &thumbnail
		}
	}
}

// stageAfterStage loads all photos before it resizes the first.
func stageAfterStage(ctx context.Context, stage cookbook.Stage, in photos) error {
	w := &work{photos: in, stage: stage}
	var loaded []image
	for image, err := range w.images(ctx) {
		if err != nil {
			return err
		}
		loaded = append(loaded, image)
	}
	return w.saveAll(ctx, w.from(ctx,
		func(context.Context) iter.Seq2[image, error] {
			return func(yield func(image, error) bool) {
				for _, image := range loaded {
					if !yield(image, nil) {
						return
					}
				}
			}
		}, w.resize))
}

// goesOnWhenCancelled has a stage that is deaf.
func goesOnWhenCancelled(ctx context.Context, stage cookbook.Stage, in photos) error {
	w := &work{photos: in, stage: stage}
	return w.saveAll(ctx, w.from(ctx, w.images,
		func(ctx context.Context, image image) (thumbnail, error) {
			return w.resize(context.WithoutCancel(ctx), image)
		}))
}
