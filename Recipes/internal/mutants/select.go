package mutants

import (
	"context"
	"slices"
	"sync"
	"time"

	selecting "concurrencycookbook/channels/select"
)

// Select holds wrong selects by the name of their mistake.
var Select = map[string]selecting.Selector{
	"defaultFirst":       defaultFirst,
	"defaultWaits":       defaultWaits,
	"timeoutNeverComes":  timeoutNeverComes,
	"timeoutWithoutUnit": timeoutWithoutUnit,
	"losersAreServedToo": losersAreServedToo,
	"onlyTheFirstWaits":  onlyTheFirstWaits,
	"endTakenForValue":   selectsTheEndAsValue,
	"closedTakenForNil":  closedTakenForNil,
}

// defaultFirst looks for a default before it looks at the channels.
func defaultFirst(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	if at := slices.Index(cases, selecting.Case{}); at >= 0 {
		return at, 0, false, nil
	}
	return selecting.Select(ctx, cases)
}

// defaultWaits has a short timeout where it should have a default.
func defaultWaits(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	return selecting.Select(ctx, edited(cases, func(one *selecting.Case) {
		if *one == (selecting.Case{}) {
			one.Timeout = time.Millisecond
		}
	}))
}

// timeoutNeverComes stops its timer when it has made it, for want of a
// defer.
func timeoutNeverComes(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	return selecting.Select(ctx, edited(cases, func(one *selecting.Case) {
		if one.Timeout > 0 {
			*one = selecting.Case{ReceiveFrom: make(chan int)}
		}
	}))
}

// timeoutWithoutUnit converts a number of milliseconds to a duration, and
// so to nanoseconds.
func timeoutWithoutUnit(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	return selecting.Select(ctx, edited(cases, func(one *selecting.Case) {
		if one.Timeout > 0 {
			one.Timeout = max(1, one.Timeout/time.Millisecond)
		}
	}))
}

// losersAreServedToo has a goroutine for each case, and cancels those that
// are not the first; but two may have been ready.
func losersAreServedToo(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	if slices.Contains(cases, selecting.Case{}) {
		return selecting.Select(ctx, cases)
	}
	type ending struct {
		index, value int
		ok           bool
		err          error
		problem      any
	}
	ctx, cancel := context.WithCancel(ctx)
	endings := make(chan ending, len(cases))
	var wg sync.WaitGroup
	for i, one := range cases {
		wg.Go(func() {
			own := ending{index: i}
			defer func() {
				own.problem = recover()
				endings <- own
			}()
			_, own.value, own.ok, own.err = selecting.Select(
				ctx, []selecting.Case{one})
		})
	}
	first := <-endings
	cancel()
	wg.Wait()
	if first.problem != nil {
		panic(first.problem)
	}
	return first.index, first.value, first.ok, first.err
}

// onlyTheFirstWaits tries all, and then waits for one of them.
func onlyTheFirstWaits(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	if slices.Contains(cases, selecting.Case{}) {
		return selecting.Select(ctx, cases)
	}
	index, value, ok, err = selecting.Select(
		ctx, append(slices.Clone(cases), selecting.Case{}))
	if index < len(cases) {
		return index, value, ok, err
	}
	return selecting.Select(ctx, cases[:1])
}

// selectsTheEndAsValue is a receive without an ok.
func selectsTheEndAsValue(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	index, value, _, err = selecting.Select(ctx, cases)
	return index, value, true, err
}

// closedTakenForNil selects again without the channel that has ended.
func closedTakenForNil(
	ctx context.Context, cases []selecting.Case,
) (index, value int, ok bool, err error) {
	for {
		index, value, ok, err = selecting.Select(ctx, cases)
		if err != nil || ok || cases[index].ReceiveFrom == nil {
			return index, value, ok, err
		}
		ended := cases[index].ReceiveFrom
		cases = edited(cases, func(one *selecting.Case) {
			if one.ReceiveFrom == ended {
				one.ReceiveFrom = make(chan int)
			}
		})
	}
}

func edited(
	cases []selecting.Case, edit func(*selecting.Case),
) []selecting.Case {
	cases = slices.Clone(cases)
	for i := range cases {
		edit(&cases[i])
	}
	return cases
}
