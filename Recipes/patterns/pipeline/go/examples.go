// Package examples shows how a pipeline is used.
package examples

import (
	"context"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/pipeline/go/pipeline"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":       with(plain),
		"stages":      with(stages),
		"slow-source": with(slowSource),
	},
	Wrong: map[string]cookbook.Example{
		"stages/noBound": with(stages, func(w *work) {
			w.Loaded, w.Resized = 1_000, 1_000
		}),
		"stages/oneWorkerTooMany": with(stages, func(w *work) { w.Workers++ }),
		"slow-source/stageAfterStage": with(slowSource, func(w *work) {
			images := w.images
			w.images = func(ctx context.Context) iter.Seq2[image, error] {
				return cookbook.CollectsFirst(images(ctx))
			}
		}),
		"slow-source/worksOnAfterCancellation": with(slowSource, func(w *work) {
			resize := w.resize
			w.resize = func(ctx context.Context, i image) (thumbnail, error) {
				return resize(context.WithoutCancel(ctx), i)
			}
		}),
		"slow-source/leavingCancelsNoStage":  with(slowSource, sees(cookbook.GoesOn)),
		"slow-source/closedTakenForComplete": with(slowSource, sees(cookbook.IgnoresError)),
		"slow-source/lastLost":               with(slowSource, sees(cookbook.LosesLast)),
	},
	Workloads: []cookbook.Workload{
		{Name: "three-stages", Run: func(n int) int { return squares(n, 1, 100) }},
		{Name: "four-workers", Run: func(n int) int { return squares(n, 4, 100) }},
		{Name: "rendezvous", Run: func(n int) int { return squares(n, 1, 0) }},
	},
}

type photos struct {
	Load, Resize, Save, Failing, NotLoaded, NotSaved []int
	Workers, Loaded, Resized                         int
	Wanted                                           *int
}

type (
	image     struct{ photo int }
	thumbnail struct{ photo int }
	seen      = iter.Seq2[thumbnail, error]
)

// A work is what is done with the photos.
type work struct {
	photos
	stage  cookbook.Stage
	load   func(context.Context, int) (image, error)
	images func(context.Context) iter.Seq2[image, error] // loads as it is read
	resize func(context.Context, image) (thumbnail, error)
	seen   func(seen) seen // what the consumer sees of the thumbnails

	consumer *cookbook.Consumer
}

func sees(by func(seen) seen) func(*work) { return func(w *work) { w.seen = by } }

// with returns an example that does the work, changed or not.
func with(
	example func(context.Context, *work) error, changes ...func(*work),
) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in photos) error {
			w := &work{photos: in, stage: stage, consumer: stage.Consumer(in.Wanted)}
			w.seen = func(all seen) seen { return all }
			w.load = func(ctx context.Context, photo int) (image, error) {
				return image{photo}, stage.WorkOn(ctx, "load", photo, in.Load, in.NotLoaded)
			}
			w.images = func(ctx context.Context) iter.Seq2[image, error] {
				return func(yield func(image, error) bool) {
					for photo := range in.Load {
						if !yield(w.load(ctx, photo)) {
							return
						}
					}
				}
			}
			w.resize = func(ctx context.Context, i image) (thumbnail, error) {
				return thumbnail(i), stage.WorkOn(ctx, "resize", i.photo, in.Resize, in.Failing)
			}
			for _, change := range changes {
				change(w)
			}
			return example(ctx, w)
		})
}

func (w *work) save(ctx context.Context, t thumbnail) error {
	return w.consumer.WorkOn(ctx, "save", t.photo, w.Save, w.NotSaved)
}

func plain(ctx context.Context, w *work) error {
	photos := slices.Collect(cookbook.UpTo(len(w.Load)))
	load := func(photo int) image { i, _ := w.load(ctx, photo); return i }
	resize := func(i image) thumbnail { t, _ := w.resize(ctx, i); return t }
	save := func(t thumbnail) { _ = w.save(ctx, t) }
	// #region plain
	images := make(chan image, len(photos))
	go func() {
		defer close(images)
		for _, photo := range photos {
			images <- load(photo)
		}
	}()
	thumbnails := make(chan thumbnail, len(photos))
	go func() {
		defer close(thumbnails)
		for image := range images {
			thumbnails <- resize(image)
		}
	}()
	for thumbnail := range thumbnails {
		save(thumbnail)
	}
	// #endregion
	return nil
}

func stages(ctx context.Context, w *work) error {
	load, resize, save, hasEnough := w.load, w.resize, w.save, w.consumer.HasEnough
	workers, loaded, resized := w.Workers, w.Loaded, w.Resized
	photos := each(len(w.Load), func(n int) { w.stage.Say("source", n) })
	// #region stages
	thumbnails := pipeline.Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan thumbnail {
			source := pipeline.Gen(ctx, g, 1, photos)
			images := pipeline.Stage(ctx, g, 1, loaded, source, load)
			return pipeline.Stage(ctx, g, workers, resized, images, resize)
		})
	for thumbnail, err := range thumbnails {
		if err != nil {
			return err
		}
		if err := save(ctx, thumbnail); err != nil {
			return err
		}
		if hasEnough() {
			break
		}
	}
	// #endregion
	return nil
}

func slowSource(ctx context.Context, w *work) error {
	for thumbnail, err := range w.seen(pipeline.Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan thumbnail {
			images := pipeline.Gen(ctx, g, w.Loaded, w.images(ctx))
			return pipeline.Stage(ctx, g, w.Workers, w.Resized, images, w.resize)
		})) {
		if err != nil {
			return err
		}
		if err := w.save(ctx, thumbnail); err != nil || w.consumer.HasEnough() {
			return err
		}
	}
	return nil
}

// each yields the numbers below count, and says which it is about to yield.
func each(count int, say func(n int)) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for n := range count {
			if say(n); !yield(n, nil) {
				return
			}
		}
	}
}

func squares(operations, workers, buffer int) int {
	sum := 0
	for square, err := range pipeline.Run(context.Background(),
		func(ctx context.Context, g *errgroup.Group) <-chan int {
			numbers := pipeline.Gen(ctx, g, buffer, each(operations, func(int) {}))
			return pipeline.Stage(ctx, g, workers, buffer, numbers,
				func(_ context.Context, n int) (int, error) {
					return (n & 7) * (n & 7), nil
				})
		}) {
		cookbook.Must(err)
		sum += square
	}
	return sum
}
