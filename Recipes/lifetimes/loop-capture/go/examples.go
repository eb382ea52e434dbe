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
		"tasks":            cookbook.Plain(tasks),
		"closures":         cookbook.Plain(closures),
		"variable-outside": cookbook.Plain(variableOutside),
		"old-closures":     cookbook.Plain(oldClosures),
		"copy":             cookbook.Plain(copied),
		"argument":         cookbook.Plain(argument),
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

func variableOutside(_ context.Context, fmt cookbook.Stage) error {
	// #region variable
	var closures []func()
	var i int
	for i = 0; i < 3; i++ {
		closures = append(closures, func() { fmt.Println(i) })
	}
	for _, closure := range closures {
		closure()
	}
	// #endregion
	return nil
}
