package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// wrong holds versions that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"buffer/oneTooManyAhead":   changed(func(in *input) { in.Bound++ }),
	"buffer/newestForOldest":   changed(newestForOldest),
	"buffer/shedsWhereItWaits": with(func(f *forms) { f.Send = sheds }),
	"buffer/waitsWhereItSheds": with(func(f *forms) { f.Offer = waits }),
	"buffer/refusalUnnoticed":  with(func(f *forms) { f.Offer = unnoticed }),
	"buffer/dropUnnoticed":     with(func(f *forms) { f.Push = uncounted }),
	"buffer/dropsAll":          with(func(f *forms) { f.Push = dropsAll }),
}

func changed(change func(*input)) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in input) error {
			change(&in)
			return original.buffer(ctx, stage, in)
		})
}

func newestForOldest(in *input) {
	if in.WhenFull == "dropOldest" {
		in.WhenFull = "dropNewest"
	}
}

func with(change func(*forms)) cookbook.Example {
	forms := original
	change(&forms)
	return cookbook.With(forms.buffer)
}

func sheds(_ context.Context, items chan<- int, item int) error {
	original.Offer(items, item)
	return nil
}

// waits is a select that lacks its default.
func waits(items chan<- int, item int) bool {
	select {
	case items <- item:
		return true
	case <-time.After(time.Second):
		return false
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
