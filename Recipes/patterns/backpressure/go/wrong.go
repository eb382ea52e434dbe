package examples

import (
	"context"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
	backpressure "concurrencycookbook/patterns/backpressure/go/backpressure"
)

// wrong holds versions that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"buffer/oneTooManyAhead":   with(func(f *forms) { f.Send = oneTooManyAhead }),
	"buffer/shedsWhereItWaits": with(func(f *forms) { f.Send = shedsWhereItWaits }),
	"buffer/waitsWhereItSheds": with(func(f *forms) { f.Offer = waitsWhereItSheds }),
	"buffer/refusalUnnoticed":  with(func(f *forms) { f.Offer = refusalUnnoticed }),
	"buffer/dropUnnoticed":     with(func(f *forms) { f.Push = dropUnnoticed }),
	"buffer/newestForOldest":   with(func(f *forms) { f.Push = newestForOldest }),
	"buffer/dropsAll":          with(func(f *forms) { f.Push = dropsAll }),

	"rate-limit/refillsAtBorders":    limiting(refillsAtBorders),
	"rate-limit/refillsAfterUse":     limiting(refillsAfterUse),
	"rate-limit/cancelledTakesToken": limiting(cancelledTakesToken),
	"rate-limit/lastComeFirstServed": limiting(lastComeFirstServed),
}

func with(change func(*forms)) cookbook.Example {
	forms := original
	change(&forms)
	return cookbook.With(forms.buffer)
}

// oneTooManyAhead gives an item that does not fit to a goroutine, and
// goes on.
func oneTooManyAhead(ctx context.Context, items chan<- int, item int) error {
	if !backpressure.Offer(items, item) {
		go func() {
			// The example closes the channel while this one waits.
			defer func() { _ = recover() }()
			_ = backpressure.Send(ctx, items, item)
		}()
	}
	return ctx.Err()
}

func shedsWhereItWaits(_ context.Context, items chan<- int, item int) error {
	backpressure.Offer(items, item)
	return nil
}

// waitsWhereItSheds is a select that lacks its default.
func waitsWhereItSheds(items chan<- int, item int) bool {
	select {
	case items <- item:
		return true
	case <-time.After(time.Second):
		return false
	}
}

// refusalUnnoticed says that an item was sent that was not.
func refusalUnnoticed(items chan<- int, item int) bool {
	backpressure.Offer(items, item)
	return true
}

// dropUnnoticed counts nothing.
func dropUnnoticed(items chan int, item int) (int, bool) {
	backpressure.Push(items, item)
	return 0, false
}

func newestForOldest(items chan int, item int) (int, bool) {
	return item, !backpressure.Offer(items, item)
}

// dropsAll empties a buffer that is full, and reports one.
func dropsAll(items chan int, item int) (oldest int, dropped bool) {
	for !backpressure.Offer(items, item) {
		for len(items) > 0 {
			oldest, dropped = <-items, true
		}
	}
	return oldest, dropped
}

type wait func(ctx context.Context) error

func (w wait) Wait(ctx context.Context) error { return w(ctx) }

func limiting(limit func(every time.Duration, burst int) wait) cookbook.Example {
	return cookbook.With(newLimiter(func(every time.Duration, burst int) waiter {
		return limit(every, burst)
	}).limit)
}

// refillsAtBorders has a full bucket whenever a period is over, so that two
// buckets can be emptied around the border.
func refillsAtBorders(every time.Duration, burst int) wait {
	period := time.Duration(burst) * every
	begin := time.Now()
	var mu sync.Mutex
	used := map[time.Duration]int{}
	return func(ctx context.Context) error {
		mu.Lock()
		border := time.Since(begin).Truncate(period)
		for used[border] == burst {
			border += period
		}
		used[border]++
		mu.Unlock()
		return sleep(ctx, time.Until(begin.Add(border)))
	}
}

// refillsAfterUse puts each token back a whole period after it was taken.
func refillsAfterUse(every time.Duration, burst int) wait {
	tokens := make(chan struct{}, burst)
	return func(ctx context.Context) error {
		select {
		case tokens <- struct{}{}:
			time.AfterFunc(time.Duration(burst)*every, func() { <-tokens })
		case <-ctx.Done():
		}
		return ctx.Err()
	}
}

// cancelledTakesToken takes its token later, whoever waits for it or not.
func cancelledTakesToken(every time.Duration, burst int) wait {
	limiter := limiter(every, burst)
	return func(ctx context.Context) error {
		taken := make(chan error, 1)
		go func() { taken <- limiter.Wait(context.WithoutCancel(ctx)) }()
		select {
		case <-taken:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
}

// lastComeFirstServed gives each token to the one that came last.
func lastComeFirstServed(every time.Duration, burst int) wait {
	limiter := limiter(every, burst)
	var mu sync.Mutex
	var turns []chan struct{}
	return func(ctx context.Context) error {
		turn := make(chan struct{})
		mu.Lock()
		turns = append(turns, turn)
		mu.Unlock()
		if limiter.Wait(ctx) == nil {
			mu.Lock()
			last := len(turns) - 1
			close(turns[last])
			turns = turns[:last]
			mu.Unlock()
		}
		select {
		case <-turn:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
