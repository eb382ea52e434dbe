// Package examples shows how a pipeline is used.
package examples

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/pipeline/go/pipeline"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":       cookbook.With(plain),
		"stages":      cookbook.With(stages),
		"slow-source": cookbook.With(slowSource),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type photos struct {
	Load      []int `json:"load"`
	Resize    []int `json:"resize"`
	Save      []int `json:"save"`
	Workers   int   `json:"workers"`
	Loaded    int   `json:"loaded"`
	Resized   int   `json:"resized"`
	Failing   []int `json:"failing"`
	NotLoaded []int `json:"notLoaded"`
	NotSaved  []int `json:"notSaved"`
	Wanted    *int  `json:"wanted"`
}

type (
	image     struct{ photo int }
	thumbnail struct{ photo int }
)

// A work is what the stages do with a photo.
type work struct {
	photos
	stage cookbook.Stage
	saved int
}

func (w *work) do(
	ctx context.Context, lane string, photo int, times, failing []int,
) error {
	ms := 0
	if len(times) > 0 {
		ms = times[photo%len(times)]
	}
	fails := slices.Contains(failing, photo)
	return w.stage.Work(ctx, fmt.Sprint(lane, " ", photo), ms, fails)
}

func (w *work) load(ctx context.Context, photo int) (image, error) {
	return image{photo}, w.do(ctx, "load", photo, w.Load, w.NotLoaded)
}

func (w *work) resize(ctx context.Context, i image) (thumbnail, error) {
	return thumbnail(i), w.do(ctx, "resize", i.photo, w.Resize, w.Failing)
}

// save says when the consumer has what it wants.
func (w *work) save(ctx context.Context, t thumbnail) error {
	err := w.do(ctx, "save", t.photo, w.Save, w.NotSaved)
	if err == nil {
		w.saved++
		if w.Wanted != nil && w.saved == *w.Wanted {
			w.stage.Leave("caller")
		}
	}
	return err
}

// images loads each photo when it is read.
func (w *work) images(ctx context.Context) iter.Seq2[image, error] {
	return func(yield func(image, error) bool) {
		for photo := range w.Load {
			if image, err := w.load(ctx, photo); !yield(image, err) {
				return
			}
		}
	}
}

func plain(ctx context.Context, stage cookbook.Stage, in photos) error {
	in.Wanted = nil
	w := work{photos: in, stage: stage}
	photos, load, resize, save := make([]int, len(in.Load)), w.load, w.resize, w.save
	for i := range photos {
		photos[i] = i
	}
	// #region plain
	ctx, cancel := context.WithCancel(ctx)
	var g errgroup.Group
	defer g.Wait()
	defer cancel()
	images := make(chan image, len(photos))
	g.Go(func() error {
		defer close(images)
		for _, photo := range photos {
			image, err := load(ctx, photo)
			if err != nil {
				return err
			}
			images <- image
		}
		return nil
	})
	thumbnails := make(chan thumbnail, len(photos))
	g.Go(func() error {
		defer close(thumbnails)
		for image := range images {
			thumbnail, err := resize(ctx, image)
			if err != nil {
				return err
			}
			thumbnails <- thumbnail
		}
		return nil
	})
	for thumbnail := range thumbnails {
		if err := save(ctx, thumbnail); err != nil {
			return err
		}
	}
	return g.Wait()
	// #endregion
}

func stages(ctx context.Context, stage cookbook.Stage, in photos) error {
	w := work{photos: in, stage: stage}
	load, resize, save := w.load, w.resize, w.save
	workers, loaded, resized, wanted := in.Workers, in.Loaded, in.Resized, in.Wanted
	photos := func(yield func(int, error) bool) {
		for photo := range in.Load {
			stage.Say("source", photo)
			if !yield(photo, nil) {
				return
			}
		}
	}
	// #region stages
	thumbnails := pipeline.Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan thumbnail {
			source := pipeline.Gen(ctx, g, 1, photos)
			images := pipeline.Stage(ctx, g, 1, loaded, source, load)
			return pipeline.Stage(ctx, g, workers, resized, images, resize)
		})
	saved := 0
	for thumbnail, err := range thumbnails {
		if err != nil {
			return err
		}
		if err := save(ctx, thumbnail); err != nil {
			return err
		}
		if saved++; wanted != nil && saved == *wanted {
			break
		}
	}
	// #endregion
	return nil
}

func slowSource(ctx context.Context, stage cookbook.Stage, in photos) error {
	w := &work{photos: in, stage: stage}
	workers, loaded, resized := in.Workers, in.Loaded, in.Resized
	images, resize := w.images, w.resize
	// #region slow-source
	thumbnails := pipeline.Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan thumbnail {
			source := pipeline.Gen(ctx, g, loaded, images(ctx))
			return pipeline.Stage(ctx, g, workers, resized, source, resize)
		})
	// #endregion
	return w.saveAll(ctx, thumbnails)
}

func (w *work) saveAll(ctx context.Context, all iter.Seq2[thumbnail, error]) error {
	for thumbnail, err := range all {
		if err != nil {
			return err
		}
		if err := w.save(ctx, thumbnail); err != nil {
			return err
		}
		if w.Wanted != nil && w.saved == *w.Wanted {
			break
		}
	}
	return nil
}
