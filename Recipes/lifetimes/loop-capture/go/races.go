//go:build go1.21 && races

// What stands here races on purpose, with the meaning that loops had before
// Go 1.22. Without the tag, go vet and the race detector do not see it.

package examples

import (
	"context"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

func init() { Room.Wrong["tasks/old"] = cookbook.Plain(oldTasks) }

func oldTasks(_ context.Context, fmt cookbook.Stage) error {
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Go(func() { fmt.Println(i) })
	}
	wg.Wait()
	return nil
}
