// Package examples shows how the bounded pool is used.
package examples

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":        cookbook.With(plain),
		"map":          cookbook.With(mapped),
		"for-each":     cookbook.With(forEach),
		"as-they-come": cookbook.With(asTheyCome),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type jobs struct {
	Workers, Receive int
	Jobs, Failing    []int
}

// urls names the jobs by their indices.
func (in jobs) urls() iter.Seq[int] { return cookbook.UpTo(len(in.Jobs)) }

// download returns the job: what it downloads of url is url squared.
func (in jobs) download(
	stage cookbook.Stage,
) func(ctx context.Context, url int) (int, error) {
	return func(ctx context.Context, url int) (int, error) {
		return url * url, stage.WorkOn(ctx, "job", url, in.Jobs, in.Failing)
	}
}

func plain(ctx context.Context, fmt cookbook.Stage, in jobs) error {
	download, n, images := in.download(fmt), in.Workers, slices.Collect(in.urls())
	thumbnail := func(image int) int {
		_, _ = download(ctx, image)
		return image * image
	}
	// #region plain
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for image := range jobs {
				fmt.Println(thumbnail(image))
			}
		})
	}
	for _, image := range images {
		jobs <- image
	}
	close(jobs)
	wg.Wait()
	// #endregion
	return nil
}

func mapped(ctx context.Context, stage cookbook.Stage, in jobs) error {
	download, n, urls := in.download(stage), in.Workers, slices.Collect(in.urls())
	// #region map
	pages, err := boundedpool.Map(
		ctx, n, slices.Values(urls), download)
	// #endregion
	if err == nil {
		stage.Say("caller", pages)
	}
	return err
}

func forEach(ctx context.Context, stage cookbook.Stage, in jobs) error {
	download := in.download(stage)
	return boundedpool.ForEach(ctx, in.Workers, in.urls(),
		func(ctx context.Context, url int) error {
			_, err := download(ctx, url)
			return err
		})
}

func asTheyCome(ctx context.Context, stage cookbook.Stage, in jobs) error {
	download, n, urls := in.download(stage), in.Workers, slices.Collect(in.urls())
	save := func(page int) error {
		stage.Say("caller", page)
		return stage.Sleep(ctx, in.Receive)
	}
	// #region asTheyCome
	err := boundedpool.Unordered(
		ctx, n, slices.Values(urls), download, save)
	// #endregion
	return err
}

var workloads = []cookbook.Workload{
	{Name: "tiny-jobs", Run: sum(func(job int) int { return job & 7 })},
	{Name: "ordered-results", Run: func(operations int) int {
		results, err := boundedpool.Map(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) (int, error) {
				return job & 7, nil
			})
		cookbook.Must(err)
		sum := 0
		for _, result := range results {
			sum += result
		}
		return sum
	}},
	{Name: "results-as-they-come", Run: func(operations int) int {
		sum := 0
		cookbook.Must(boundedpool.Unordered(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, job int) (int, error) { return job & 7, nil },
			func(result int) error { sum += result; return nil }))
		return sum
	}},
	{Name: "computing", Run: sum(func(job int) int {
		return cookbook.Compute(job, 14_000)
	})},
}

// sum performs a job for each number, and adds up what they return.
func sum(job func(int) int) func(operations int) int {
	return func(operations int) int {
		var sum atomic.Int64
		cookbook.Must(boundedpool.ForEach(context.Background(), 4, cookbook.UpTo(operations),
			func(_ context.Context, number int) error {
				sum.Add(int64(job(number)))
				return nil
			}))
		return int(sum.Load())
	}
}
