package mutants

import (
	"context"
	"sync"
	"time"

	"concurrencycookbook/patterns/backpressure"
)

// Backpressure holds wrong policies by the name of their mistake.
var Backpressure = map[string]backpressure.Forms{
	"oneTooManyAhead":     withSend(oneTooManyAhead),
	"shedsWhereItWaits":   withSend(shedsWhereItWaits),
	"waitsWhereItSheds":   withOffer(waitsWhereItSheds),
	"refusalUnnoticed":    withOffer(refusalUnnoticed),
	"dropUnnoticed":       withPush(dropUnnoticed),
	"newestForOldest":     withPush(newestForOldest),
	"dropsAll":            withPush(dropsAll),
	"refillsAtBorders":    withLimiter(newBorders),
	"refillsSteadily":     withLimiter(newSteady),
	"cancelledTakesToken": withLimiter(newReserving),
	"lastComeFirstServed": withLimiter(newUnfair),
}

func withSend(
	send func(context.Context, chan<- int, int) error,
) backpressure.Forms {
	forms := backpressure.Original
	forms.Send = send
	return forms
}

func withOffer(offer func(chan<- int, int) bool) backpressure.Forms {
	forms := backpressure.Original
	forms.Offer = offer
	return forms
}

func withPush(push func(chan int, int) (int, bool)) backpressure.Forms {
	forms := backpressure.Original
	forms.Push = push
	return forms
}

func withLimiter(
	limiter func(int, time.Duration) backpressure.Waiter,
) backpressure.Forms {
	forms := backpressure.Original
	forms.NewLimiter = limiter
	return forms
}

// oneTooManyAhead gives an item that does not fit to a goroutine, and
// goes on.
func oneTooManyAhead(
	ctx context.Context, items chan<- int, item int,
) error {
	if backpressure.Offer(items, item) {
		return nil
	}
	sent := make(chan error, 1)
	go func() {
		// The demo closes the channel while this one waits.
		defer func() { recover() }()
		sent <- backpressure.Send(ctx, items, item)
	}()
	return ctx.Err()
}

func shedsWhereItWaits(
	_ context.Context, items chan<- int, item int,
) error {
	backpressure.Offer(items, item)
	return nil
}

// waitsWhereItSheds is a select that lacks its default; the demo's
// channels are always received from, if not at once.
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
	for {
		select {
		case items <- item:
			return oldest, dropped
		default:
		}
		for len(items) > 0 {
			select {
			case oldest = <-items:
				dropped = true
			default:
			}
		}
	}
}

// borders fills the whole bucket whenever a period is over, so that two
// buckets can be emptied around the border.
type borders struct {
	mu     sync.Mutex
	begin  time.Time
	period time.Duration
	tokens int
	window int64
	used   int
}

func newBorders(tokens int, period time.Duration) backpressure.Waiter {
	return &borders{begin: time.Now(), period: period, tokens: tokens}
}

func (b *borders) Wait(ctx context.Context) error {
	b.mu.Lock()
	window := int64(time.Since(b.begin) / b.period)
	if window > b.window {
		b.window, b.used = window, 0
	}
	if b.used == b.tokens {
		b.window, b.used = b.window+1, 0
	}
	b.used++
	at := b.begin.Add(time.Duration(b.window) * b.period)
	b.mu.Unlock()
	return sleepUntil(ctx, at)
}

// steady refills at a constant rate up to the bound, as
// golang.org/x/time/rate does.
type steady struct {
	mu       sync.Mutex
	interval time.Duration
	burst    time.Duration
	next     time.Time // at which the bucket would be full
}

func newSteady(tokens int, period time.Duration) backpressure.Waiter {
	interval := period / time.Duration(tokens)
	return &steady{
		interval: interval,
		burst:    interval * time.Duration(tokens),
		next:     time.Now(),
	}
}

func (s *steady) Wait(ctx context.Context) error {
	s.mu.Lock()
	if now := time.Now(); s.next.Before(now) {
		s.next = now
	}
	s.next = s.next.Add(s.interval)
	at := s.next.Add(-s.burst)
	s.mu.Unlock()
	return sleepUntil(ctx, at)
}

// reserving gives each caller its time when it comes, and does not take
// it back from one who leaves.
type reserving struct {
	mu     sync.Mutex
	period time.Duration
	taken  []time.Time
}

func newReserving(tokens int, period time.Duration) backpressure.Waiter {
	return &reserving{period: period, taken: make([]time.Time, tokens)}
}

func (r *reserving) Wait(ctx context.Context) error {
	r.mu.Lock()
	at := r.taken[0].Add(r.period)
	if now := time.Now(); at.Before(now) {
		at = now
	}
	r.taken = append(r.taken[1:], at)
	r.mu.Unlock()
	return sleepUntil(ctx, at)
}

// unfair serves the one who came last.
type unfair struct {
	mu    sync.Mutex
	free  int
	stack []chan struct{}
	after time.Duration
}

func newUnfair(tokens int, period time.Duration) backpressure.Waiter {
	return &unfair{free: tokens, after: period}
}

func (u *unfair) Wait(ctx context.Context) error {
	u.mu.Lock()
	if u.free > 0 {
		u.take()
		u.mu.Unlock()
		return ctx.Err()
	}
	turn := make(chan struct{})
	u.stack = append(u.stack, turn)
	u.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := range u.stack {
		if u.stack[i] == turn {
			u.stack = append(u.stack[:i], u.stack[i+1:]...)
			return ctx.Err()
		}
	}
	return nil
}

// take is called with mu locked.
func (u *unfair) take() {
	u.free--
	time.AfterFunc(u.after, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.free++
		if last := len(u.stack) - 1; last >= 0 {
			close(u.stack[last])
			u.stack = u.stack[:last]
			u.take()
		}
	})
}

func sleepUntil(ctx context.Context, at time.Time) error {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
