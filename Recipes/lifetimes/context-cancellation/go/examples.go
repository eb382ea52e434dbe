// Package examples shows how contexts cancel.
package examples

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go. The original is package context.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain":   cookbook.With(plain),
		"timeout": cookbook.With(timeout),
		"tree":    cookbook.With(original.run),
	},
	Wrong: wrong,
	Workloads: []cookbook.Workload{{Name: "timeouts", Run: func(operations int) int {
		sum := 0
		for operation := range operations {
			_, cancel := context.WithTimeout(context.Background(), time.Hour)
			sum += operation & 7
			cancel()
		}
		return sum
	}}},
}

type downloads struct {
	Pages []int
	Limit *int
}

func (in downloads) limit() time.Duration { return cookbook.Limit(in.Limit) }

func (in downloads) one(
	stage cookbook.Stage,
) func(ctx context.Context, url int) (string, error) {
	return func(ctx context.Context, url int) (string, error) {
		page := fmt.Sprint("page ", url)
		return page, stage.Work(ctx, page, in.Pages[url], false)
	}
}

func plain(ctx context.Context, fmt cookbook.Stage, in downloads) error {
	limit, get, urls := in.limit(), in.one(fmt), in.Pages
	download := func(ctx context.Context, url int) (string, error) {
		call, hangUp := context.WithCancel(context.WithoutCancel(ctx))
		defer hangUp()
		stop := context.AfterFunc(ctx, hangUp)
		defer stop()
		return get(call, url)
	}
	// #region plain
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // or Wait waits for the others
	pages := make(chan string, len(urls))
	for url := range urls {
		wg.Go(func() {
			page, err := download(ctx, url)
			if err == nil {
				pages <- page
			}
		})
	}
	select {
	case page := <-pages:
		fmt.Println(page)
	case <-time.After(limit):
		fmt.Println("too slow")
	case <-ctx.Done():
		return ctx.Err()
	}
	// #endregion
	return nil
}

func timeout(ctx context.Context, fmt cookbook.Stage, in downloads) error {
	limit, download, urls := in.limit(), in.one(fmt), in.Pages
	pages := []string{}
	// #region timeout
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // or the timer stays until it fires
	for url := range urls {
		page, err := download(ctx, url)
		if errors.Is(err, context.DeadlineExceeded) {
			fmt.Println("too slow")
			break
		}
		if err != nil {
			return err
		}
		pages = append(pages, page)
	}
	fmt.Println(pages)
	// #endregion
	return nil
}
