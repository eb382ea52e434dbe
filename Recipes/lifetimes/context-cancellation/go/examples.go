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
		"handler": cookbook.With(handler),
		"timeout": cookbook.With(timeout),
		"tree":    cookbook.With(original.run),
		"abandon": cookbook.With(abandon),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type downloads struct {
	Mirrors []int `json:"mirrors"`
	Pages   []int `json:"pages"`
	Limit   *int  `json:"limit"`
}

// mirror returns what loads the page from a mirror.
func (in downloads) mirror(
	stage cookbook.Stage,
) func(ctx context.Context, mirror int) (string, error) {
	return func(ctx context.Context, mirror int) (string, error) {
		lane := fmt.Sprint("mirror ", mirror)
		return "the page", stage.Work(ctx, lane, in.Mirrors[mirror], false)
	}
}

// all returns how long all pages may take, and what loads them at the same
// time.
func (in downloads) all(
	stage cookbook.Stage,
) (time.Duration, func(ctx context.Context) ([]string, error)) {
	limit := 86_400_000_000
	if in.Limit != nil {
		limit = *in.Limit
	}
	return time.Duration(limit) * time.Millisecond,
		func(ctx context.Context) ([]string, error) {
			pages := make([]string, len(in.Pages))
			var wg sync.WaitGroup
			for i, ms := range in.Pages {
				pages[i] = fmt.Sprint("page ", i)
				wg.Go(func() { _ = stage.Work(ctx, pages[i], ms, false) })
			}
			wg.Wait()
			return pages, ctx.Err()
		}
}

func plain(ctx context.Context, fmt cookbook.Stage, in downloads) error {
	mirrors, download := in.Mirrors, in.mirror(fmt)
	// #region plain
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // or Wait waits for the others
	pages := make(chan string, len(mirrors))
	for mirror := range mirrors {
		wg.Go(func() {
			page, err := download(ctx, mirror)
			if err == nil {
				pages <- page
			}
		})
	}
	select {
	case page := <-pages:
		fmt.Println(page)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
	// #endregion
}

func handler(ctx context.Context, fmt cookbook.Stage, in downloads) error {
	limit, download := in.all(fmt)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	// #region handler
	call, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	stop := context.AfterFunc(ctx, hangUp)
	defer stop()
	pages, err := download(call)
	// #endregion
	switch {
	case err == nil:
		fmt.Println(pages)
	case ctx.Err() == context.DeadlineExceeded:
		fmt.Println("too slow")
	default:
		return err
	}
	return nil
}

func timeout(ctx context.Context, fmt cookbook.Stage, in downloads) error {
	limit, download := in.all(fmt)
	// #region timeout
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel() // or the timer stays until it fires
	pages, err := download(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		fmt.Println("too slow")
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Println(pages)
	// #endregion
	return nil
}

func abandon(ctx context.Context, stage cookbook.Stage, in downloads) error {
	limit, download := in.all(stage)
	free, ended := context.WithoutCancel(ctx), make(chan struct{})
	upload := func() []string {
		defer close(ended)
		pages, _ := download(free)
		return pages
	}
	fmt := stage.Lane("user")
	stage.Attempt("user", func() error {
		// #region abandon
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		done := make(chan []string, 1) // or upload never ends
		go func() { done <- upload() }()
		select {
		case pages := <-done:
			fmt.Println(pages)
		case <-ctx.Done():
			if ctx.Err() == context.Canceled {
				return ctx.Err()
			}
			fmt.Println("goes on without us")
		}
		// #endregion
		return nil
	})
	<-ended
	return stage.Sleep(free, 2)
}
