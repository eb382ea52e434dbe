//go:build go1.21

// The line above gives the loops of this file the meaning that they had
// before Go 1.22, whatever go.mod says.

package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

func oldClosures(_ context.Context, fmt cookbook.Stage) error {
	// #region closures
	var closures []func()
	for i := 0; i < 3; i++ {
		closures = append(closures, func() { fmt.Println(i) })
	}
	for _, closure := range closures {
		closure()
	}
	// #endregion
	return nil
}

func copied(_ context.Context, fmt cookbook.Stage) error {
	var wg sync.WaitGroup
	// #region copy
	for i := 0; i < 3; i++ {
		i := i
		wg.Add(1)
		go func() {
			defer wg.Done()
			fmt.Println(i)
		}()
	}
	// #endregion
	wg.Wait()
	return nil
}
