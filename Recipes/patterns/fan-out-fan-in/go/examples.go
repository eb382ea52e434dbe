// Package examples shows how fan-out and fan-in are used.
package examples

import (
	"context"
	"iter"
	"slices"
	"sync"

	"concurrencycookbook/internal/cookbook"
	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in/go/fanoutfanin"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":   with(plain),
		"fan-out": with(fanOut),
		"fan-in":  with(fanIn),
	},
	Wrong: map[string]cookbook.Example{
		"fan-out/unboundedOutput":     with(fanOut, func(w *work) { w.Buffer = 1_000 }),
		"fan-in/unboundedOutput":      with(fanIn, func(w *work) { w.Buffer = 1_000 }),
		"fan-in/leavingCancelsNobody": with(fanIn, sees(cookbook.GoesOn)),
		"fan-in/errorTakenForTheEnd":  with(fanIn, sees(cookbook.IgnoresError)),
		"fan-in/lastValueLost":        with(fanIn, sees(cookbook.LosesLast)),
		"fan-in/oneAfterTheOther":     with(fanIn, func(w *work) { w.Workers = 1 }),
	},
	Workloads: []cookbook.Workload{
		{Name: "fan-out-fan-in", Run: func(n int) int { return sum(through(n, 100)) }},
		{Name: "rendezvous", Run: func(n int) int { return sum(through(n, 0)) }},
		{Name: "fan-in", Run: func(n int) int {
			return sum(fanoutfanin.FanIn(context.Background(), 100, deal(n, 4, low)...))
		}},
	},
}

type in struct {
	Feeds, Workers, Buffer           int
	Fetch, Store, Failing, NotStored []int
	Wanted                           *int
}

type (
	page struct{ url int }
	seen = iter.Seq2[page, error]
)

// A work is what is done with the pages.
type work struct {
	in
	stage    cookbook.Stage
	consumer *cookbook.Consumer
	seen     func(seen) seen // what the consumer sees of the pages
}

func sees(by func(seen) seen) func(*work) { return func(w *work) { w.seen = by } }

// with returns an example that does the work, changed or not.
func with(
	example func(context.Context, *work) error, changes ...func(*work),
) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in in) error {
			w := &work{in: in, stage: stage, consumer: stage.Consumer(in.Wanted)}
			w.seen = func(all seen) seen { return all }
			for _, change := range changes {
				change(w)
			}
			return example(ctx, w)
		})
}

func (w *work) fetch(ctx context.Context, url int) (page, error) {
	return page{url}, w.stage.WorkOn(ctx, "fetch", url, w.Fetch, w.Failing)
}

func (w *work) store(ctx context.Context, p page) error {
	return w.consumer.WorkOn(ctx, "store", p.url, w.Store, w.NotStored)
}

func (w *work) urls() []int { return slices.Collect(cookbook.UpTo(len(w.Fetch))) }

func plain(ctx context.Context, w *work) error {
	urls, store := w.urls(), func(p page) { _ = w.store(ctx, p) }
	var feeds []iter.Seq[page]
	for first := range w.Feeds {
		feeds = append(feeds, func(yield func(page) bool) {
			for url := first; url < len(urls); url += w.Feeds {
				if p, _ := w.fetch(ctx, url); !yield(p) {
					return
				}
			}
		})
	}
	// #region plain
	pages := make(chan page, len(urls))
	var wg sync.WaitGroup
	for _, feed := range feeds {
		wg.Go(func() {
			for page := range feed {
				pages <- page
			}
		})
	}
	go func() {
		wg.Wait()
		close(pages)
	}()
	for page := range pages {
		store(page)
	}
	// #endregion
	return nil
}

func fanOut(ctx context.Context, w *work) error {
	urls, n, buffer := w.urls(), w.Workers, w.Buffer
	fetch, store, hasEnough := w.fetch, w.store, w.consumer.HasEnough
	// #region fan-out
	pages := fanoutfanin.FanOut(
		ctx, n, buffer, slices.Values(urls), fetch)
	for page, err := range pages {
		if err != nil {
			return err
		}
		if err := store(ctx, page); err != nil {
			return err
		}
		if hasEnough() {
			break
		}
	}
	// #endregion
	return nil
}

func fanIn(ctx context.Context, w *work) error {
	feeds, buffer := deal(len(w.Fetch), w.Workers, w.fetch), w.Buffer
	// #region fan-in
	pages := fanoutfanin.FanIn(ctx, buffer, feeds...)
	// #endregion
	return w.storeAll(ctx, pages)
}

// deal deals out numbers to feeds like cards.
func deal[T any](
	count, feeds int, fetch func(context.Context, int) (T, error),
) []fanoutfanin.Producer[T] {
	var all []fanoutfanin.Producer[T]
	for first := range feeds {
		all = append(all, func(ctx context.Context, out chan<- T) error {
			for url := first; url < count; url += feeds {
				p, err := fetch(ctx, url)
				if err != nil {
					return err
				}
				if err := fanoutfanin.Send(ctx, out, p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all
}

func (w *work) storeAll(ctx context.Context, pages seen) error {
	for page, err := range w.seen(pages) {
		if err != nil {
			return err
		}
		if err := w.store(ctx, page); err != nil || w.consumer.HasEnough() {
			return err
		}
	}
	return nil
}

// through sends numbers through 4 workers.
func through(operations, buffer int) iter.Seq2[int, error] {
	return fanoutfanin.FanOut(
		context.Background(), 4, buffer, cookbook.UpTo(operations), low)
}

func low(_ context.Context, i int) (int, error) { return i & 7, nil }

func sum(values iter.Seq2[int, error]) int {
	total := 0
	for value, err := range values {
		cookbook.Must(err)
		total += value
	}
	return total
}
