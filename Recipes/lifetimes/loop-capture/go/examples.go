// Package examples shows what a loop's closures and goroutines see.
package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go. races.go adds what races.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"tasks":        cookbook.Plain(tasks),
		"closures":     cookbook.Plain(closures),
		"old-closures": cookbook.Plain(oldClosures),
		"copy":         cookbook.Plain(copied),
	},
	Wrong: map[string]cookbook.Example{
		"closures/old": cookbook.Plain(oldClosures),
	},
}

func tasks(_ context.Context, fmt cookbook.Stage) error {
	// #region tasks
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Go(func() { fmt.Println(i) })
	}
	wg.Wait()
	// #endregion
	return nil
}

// closures is the same text as oldClosures; the file gives it its meaning.
func closures(_ context.Context, fmt cookbook.Stage) error {
	var closures []func()
	for i := 0; i < 3; i++ {
		closures = append(closures, func() { fmt.Println(i) })
	}
	for _, closure := range closures {
		closure()
	}
	return nil
}
