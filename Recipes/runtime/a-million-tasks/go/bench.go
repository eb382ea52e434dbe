package examples

import (
	"runtime"

	"concurrencycookbook/internal/cookbook"
)

var measurements = map[string]cookbook.Measurement{
	"goroutines": cookbook.FootprintOfWaiting(func(wait func()) { wait() }),
	"nested":     cookbook.FootprintOfWaiting(func(wait func()) { nest(depth, wait) }),
	"returned": cookbook.FootprintOfWaiting(func(wait func()) {
		nest(depth, func() {})
		wait()
	}),
	"threads": cookbook.FootprintOfWaiting(func(wait func()) {
		// A goroutine that is locked to a thread keeps it while it waits.
		runtime.LockOSThread()
		wait()
	}),
}

// depth is how many calls deep the nested ones are.
const depth = 256

//go:noinline
func nest(depth int, body func()) int {
	if depth == 0 {
		body()
		return 0
	}
	return nest(depth-1, body) ^ depth
}
