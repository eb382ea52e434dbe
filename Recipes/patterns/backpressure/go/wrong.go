package examples

import "concurrencycookbook/internal/cookbook"

var wrong = map[string]cookbook.Example{
	"buffer/oneTooManyAhead":   changed(func(in *input) { in.Bound++ }),
	"buffer/shedsWhereItWaits": changed(instead("suspend", "dropNewest")),
	"buffer/waitsWhereItSheds": changed(instead("dropNewest", "suspend")),
	"buffer/newestForOldest":   changed(instead("dropOldest", "dropNewest")),
	"buffer/refusalUnnoticed":  with(unnoticed, original.Push),
	"buffer/dropUnnoticed":     with(original.Offer, uncounted),
	"buffer/dropsAll":          with(original.Offer, dropsAll),
}

func changed(change func(*input)) cookbook.Example {
	return cookbook.With(original.buffer, change)
}

func with(
	offer func(chan<- int, int) bool, push func(chan int, int) (int, bool),
) cookbook.Example {
	return cookbook.With(forms{original.Send, offer, push}.buffer)
}

func instead(declared, done string) func(*input) {
	return func(in *input) {
		if in.WhenFull == declared {
			in.WhenFull = done
		}
	}
}

// unnoticed says that an item was sent that was not.
func unnoticed(items chan<- int, item int) bool {
	original.Offer(items, item)
	return true
}

// uncounted does not say that it dropped an item.
func uncounted(items chan int, item int) (int, bool) {
	original.Push(items, item)
	return 0, false
}

// dropsAll empties a buffer that is full, and reports one item.
func dropsAll(items chan int, item int) (oldest int, dropped bool) {
	for !original.Offer(items, item) {
		for len(items) > 0 {
			oldest, dropped = <-items, true
		}
	}
	return oldest, dropped
}
