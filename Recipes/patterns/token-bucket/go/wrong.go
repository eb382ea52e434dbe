package examples

import (
	"context"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
	rate "concurrencycookbook/patterns/token-bucket/go/tokenbucket"
)

var wrong = map[string]cookbook.Example{
	"take/refillsAtBorders":    with(refillsAtBorders),
	"take/refillsAfterUse":     with(refillsAfterUse),
	"take/cancelledTakesToken": with(cancelledTakesToken),
	"take/lastComeFirstServed": with(lastComeFirstServed),
}

type wait func(ctx context.Context) error

func (w wait) Wait(ctx context.Context) error { return w(ctx) }

func with(limit func(every time.Duration, burst int) wait) cookbook.Example {
	return cookbook.With(buckets{func(every rate.Limit, burst int) waiter {
		return limit(time.Duration(every), burst)
	}}.take)
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
		return sleepUntil(ctx, begin.Add(border))
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

// cancelledTakesToken does not take a token back from one that gives up.
func cancelledTakesToken(every time.Duration, burst int) wait {
	var mu sync.Mutex
	full := time.Now()
	return func(ctx context.Context) error {
		mu.Lock()
		if now := time.Now(); full.Before(now) {
			full = now
		}
		full = full.Add(every)
		start := full.Add(-time.Duration(burst) * every)
		mu.Unlock()
		return sleepUntil(ctx, start)
	}
}

// lastComeFirstServed gives each token to the one that came last.
func lastComeFirstServed(every time.Duration, burst int) wait {
	limiter := limiter(rate.Every(every), burst)
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

func sleepUntil(ctx context.Context, at time.Time) error {
	return cookbook.Stage{}.Sleep(ctx, int(time.Until(at).Milliseconds()))
}
