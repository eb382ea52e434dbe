// Package examples shows how Go's channels are used.
package examples

import (
	"context"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"rendezvous": cookbook.Plain(rendezvous),
	},
}

func rendezvous(_ context.Context, fmt cookbook.Stage) error {
	// #region rendezvous
	numbers := make(chan int)
	go func() {
		for number := 1; number <= 3; number++ {
			numbers <- number
		}
		close(numbers)
	}()
	for number := range numbers {
		fmt.Println(number)
	}
	// #endregion
	return nil
}
