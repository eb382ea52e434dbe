package examples

import (
	"context"
	"iter"
	"slices"
	"sync"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
)

// wrong holds pools that are wrong on purpose: the comparison must find each.
var wrong = map[string]cookbook.Example{
	"for-each/oneWorkerTooMany": wrongForEach(func(
		ctx context.Context, workers int, urls iter.Seq[int], work job,
	) error {
		return boundedpool.ForEach(ctx, workers+1, urls, work)
	}),
	"for-each/jobRunTwice": wrongForEach(func(
		ctx context.Context, workers int, urls iter.Seq[int], work job,
	) error {
		return boundedpool.ForEach(ctx, workers, firstTwice(urls), work)
	}),
	"for-each/keepsGoing":       wrongForEach(keepsGoing),
	"for-each/returnsEarly":     wrongForEach(returnsEarly),
	"map/lostResult":            cookbook.With(lostResult),
	"as-they-come/keptAndHeld":  cookbook.With(keptAndHeld),
	"plain/waitsForNobody":      cookbook.With(waitsForNobody),
	"map/resultsInOrderOfEnds":  cookbook.With(inOrderOfEnds),
	"map/resultsDespiteAnError": cookbook.With(despiteError),
}

type job = func(context.Context, int) error

type pool func(ctx context.Context, n int, urls iter.Seq[int], work job) error

func wrongForEach(pool pool) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in jobs,
	) error {
		download := in.download(stage)
		return pool(ctx, in.Workers, slices.Values(in.urls()),
			func(ctx context.Context, url int) error {
				_, err := download(ctx, url)
				return err
			})
	})
}

func firstTwice(urls iter.Seq[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		again := true
		for url := range urls {
			if again && !yield(url) {
				return
			}
			again = false
			if !yield(url) {
				return
			}
		}
	}
}

// keepsGoing remembers the first error, and acts on it at the end only.
func keepsGoing(
	ctx context.Context, workers int, urls iter.Seq[int], work job,
) error {
	var once sync.Once
	first := context.Cause(ctx)
	_ = boundedpool.ForEach(context.WithoutCancel(ctx), workers, urls,
		func(ctx context.Context, url int) error {
			if err := work(ctx, url); err != nil {
				once.Do(func() { first = err })
			}
			return nil
		})
	return first
}

// returnsEarly hands out all jobs and does not wait for the last ones.
func returnsEarly(
	ctx context.Context, workers int, urls iter.Seq[int], work job,
) error {
	free := make(chan struct{}, workers)
	failed := make(chan error, 1)
	for url := range urls {
		select {
		case free <- struct{}{}:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		go func() {
			defer func() { <-free }()
			if err := work(ctx, url); err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		}()
	}
	return nil
}

func lostResult(ctx context.Context, stage cookbook.Stage, in jobs) error {
	pages, err := boundedpool.Map(
		ctx, in.Workers, slices.Values(in.urls()), in.download(stage))
	if err == nil {
		stage.Say("caller", pages[:max(0, len(pages)-1)])
	}
	return err
}

// inOrderOfEnds calls results ordered that stand as they came.
func inOrderOfEnds(ctx context.Context, stage cookbook.Stage, in jobs) error {
	pages := []int{}
	err := boundedpool.Unordered(
		ctx, in.Workers, slices.Values(in.urls()), in.download(stage),
		func(page int) { pages = append(pages, page) })
	if err == nil {
		stage.Say("caller", pages)
	}
	return err
}

// despiteError hands out what is there although there was an error.
func despiteError(ctx context.Context, stage cookbook.Stage, in jobs) error {
	pages, err := boundedpool.Map(
		ctx, in.Workers, slices.Values(in.urls()), in.download(stage))
	stage.Say("caller", pages)
	return err
}

// keptAndHeld hands over each result when the next one comes.
func keptAndHeld(ctx context.Context, stage cookbook.Stage, in jobs) error {
	var held *int
	return boundedpool.Unordered(
		ctx, in.Workers, slices.Values(in.urls()), in.download(stage),
		func(page int) {
			if held != nil {
				stage.Println(*held)
			}
			held = &page
		})
}

// waitsForNobody forgets the WaitGroup.
func waitsForNobody(ctx context.Context, stage cookbook.Stage, in jobs) error {
	urls := make(chan int)
	download := in.download(stage)
	for range in.Workers {
		go func() {
			for url := range urls {
				page, _ := download(ctx, url)
				stage.Println(page)
			}
		}()
	}
	for _, url := range in.urls() {
		urls <- url
	}
	close(urls)
	return nil
}
