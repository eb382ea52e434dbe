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

// Room is what the recipe shows in Go. The comparison must find each of the
// wrong versions.
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
		"fan-in/oneAfterTheOther":     with(oneAfterTheOther),
		"fan-in/endsWithTheFirst":     with(endsWithTheFirst),
	},
	Workloads: []cookbook.Workload{
		{Name: "fan-out-fan-in", Run: func(n int) int { return sum(through(n, 100)) }},
		{Name: "rendezvous", Run: func(n int) int { return sum(through(n, 0)) }},
		{Name: "fan-in", Run: func(n int) int {
			var producers []fanoutfanin.Producer[int]
			for first := range 4 {
				producers = append(producers, numbers(first, n))
			}
			return sum(fanoutfanin.FanIn(context.Background(), 100, producers...))
		}},
	},
}

type in struct {
	Feeds     int   `json:"feeds"` // of plain
	Workers   int   `json:"workers"`
	Fetch     []int `json:"fetch"`
	Store     []int `json:"store"`
	Buffer    int   `json:"buffer"`
	Failing   []int `json:"failing"`
	NotStored []int `json:"notStored"`
	Wanted    *int  `json:"wanted"`
}

type (
	page struct{ url int }
	seen = iter.Seq2[page, error]
	feed = fanoutfanin.Producer[page]
)

// A work is what is done with the pages.
type work struct {
	in
	stage  cookbook.Stage
	seen   func(seen) seen // what the consumer sees of the pages
	stored int
}

func sees(by func(seen) seen) func(*work) { return func(w *work) { w.seen = by } }

// with returns an example that does the work, changed or not.
func with(
	example func(context.Context, *work) error, changes ...func(*work),
) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in in) error {
			w := &work{in: in, stage: stage, seen: func(all seen) seen { return all }}
			for _, change := range changes {
				change(w)
			}
			return example(ctx, w)
		})
}

func (w *work) fetch(ctx context.Context, url int) (page, error) {
	return page{url}, w.stage.WorkOn(ctx, "fetch", url, w.Fetch, w.Failing)
}

// store says when the consumer has enough.
func (w *work) store(ctx context.Context, p page) error {
	err := w.stage.WorkOn(ctx, "store", p.url, w.Store, w.NotStored)
	if err != nil {
		return err
	}
	if w.stored++; w.hasEnough() {
		w.stage.Leave("caller")
	}
	return nil
}

func (w *work) hasEnough() bool { return w.Wanted != nil && w.stored == *w.Wanted }

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
	fetch, store, hasEnough := w.fetch, w.store, w.hasEnough
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
	feeds, buffer := w.feeds(), w.Buffer
	// #region fan-in
	pages := fanoutfanin.FanIn(ctx, buffer, feeds...)
	// #endregion
	return w.storeAll(ctx, pages)
}

// feeds deals the pages out like cards.
func (w *work) feeds() []feed {
	var feeds []feed
	for first := range w.Workers {
		feeds = append(feeds, func(ctx context.Context, out chan<- page) error {
			for url := first; url < len(w.Fetch); url += w.Workers {
				p, err := w.fetch(ctx, url)
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
	return feeds
}

func (w *work) storeAll(ctx context.Context, pages seen) error {
	for page, err := range w.seen(pages) {
		if err != nil {
			return err
		}
		if err := w.store(ctx, page); err != nil || w.hasEnough() {
			return err
		}
	}
	return nil
}

// oneAfterTheOther runs a feed when the one before it has ended.
func oneAfterTheOther(ctx context.Context, w *work) error {
	all := func(ctx context.Context, out chan<- page) error {
		for _, feed := range w.feeds() {
			if err := feed(ctx, out); err != nil {
				return err
			}
		}
		return nil
	}
	return w.storeAll(ctx, fanoutfanin.FanIn(ctx, w.Buffer, all))
}

// endsWithTheFirst takes the end of one feed for the end of all.
func endsWithTheFirst(ctx context.Context, w *work) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	feeds := w.feeds()
	for i, next := range feeds {
		feeds[i] = func(ctx context.Context, out chan<- page) error {
			defer cancel()
			return next(ctx, out)
		}
	}
	err := w.storeAll(ctx, fanoutfanin.FanIn(inner, w.Buffer, feeds...))
	if ctx.Err() == nil && err == context.Canceled {
		return nil
	}
	return err
}

// through sends numbers through 4 workers.
func through(operations, buffer int) iter.Seq2[int, error] {
	return fanoutfanin.FanOut(
		context.Background(), 4, buffer, cookbook.UpTo(operations),
		func(_ context.Context, i int) (int, error) { return i & 7, nil })
}

func numbers(first, end int) fanoutfanin.Producer[int] {
	return func(ctx context.Context, out chan<- int) error {
		for i := first; i < end; i += 4 {
			if err := fanoutfanin.Send(ctx, out, i); err != nil {
				return err
			}
		}
		return nil
	}
}

func sum(values iter.Seq2[int, error]) int {
	total := 0
	for value, err := range values {
		cookbook.Must(err)
		total += value & 7
	}
	return total
}
