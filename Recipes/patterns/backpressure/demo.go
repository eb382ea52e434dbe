package backpressure

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Policy      string `json:"policy"`
	Bound       int    `json:"bound"`
	Produce     []int  `json:"produce"` // milliseconds before each item
	Consume     []int  `json:"consume"` // milliseconds each item takes
	Tokens      int    `json:"tokens"`
	Period      int    `json:"period"`      // milliseconds
	Patience    []int  `json:"patience"`    // milliseconds; 0: no end
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
}

func defaults() Input {
	return Input{
		Policy: "suspend",
		Bound:  3,
		Produce: []int{
			10, 10, 10, 10, 10, 10, 10, 10, 60, 10, 10, 10,
		},
		Consume: []int{
			27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27, 27,
		},
		Tokens:   3,
		Period:   70,
		Patience: []int{},
	}
}

const (
	mostBound        = 1024
	mostItems        = 100_000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	switch in.Policy {
	case "suspend", "dropNewest", "dropOldest", "rateLimit":
	default:
		return fmt.Errorf("policy must be suspend, dropNewest, "+
			"dropOldest or rateLimit, not %s", in.Policy)
	}
	err := cookbook.Between(in.Bound, 1, mostBound, "bound")
	if err != nil {
		return err
	}
	items := len(in.Produce)
	if items > mostItems {
		return fmt.Errorf("produce must have at most %d elements, not %d",
			mostItems, items)
	}
	if n := len(in.Consume); n != items {
		return fmt.Errorf("consume must have one element for each of "+
			"the %d items, not %d", items, n)
	}
	if n := len(in.Patience); n != items && n != 0 {
		return fmt.Errorf("patience must have one element for each of "+
			"the %d items, not %d", items, n)
	}
	for _, list := range []struct {
		name   string
		values []int
	}{
		{"produce", in.Produce},
		{"consume", in.Consume},
		{"patience", in.Patience},
	} {
		for i, value := range list.values {
			err := cookbook.Between(
				value, 0, mostMilliseconds, list.name+"[%d]", i)
			if err != nil {
				return err
			}
		}
	}
	err = cookbook.Between(in.Tokens, 1, mostBound, "tokens")
	if err != nil {
		return err
	}
	err = cookbook.Between(in.Period, 1, mostMilliseconds, "period")
	if err != nil {
		return err
	}
	if in.CancelAfter != nil {
		return cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
	}
	return nil
}

// Outcome is what the demo ends with.
type Outcome struct {
	Delivered []int  `json:"delivered"` // in the order of delivery
	Dropped   []int  `json:"dropped"`   // in the order of dropping
	Error     string `json:"error,omitempty"`
	Left      []int  `json:"left"` // neither, because of a cancellation
}

// Forms is what this package offers, for the demo's items, so that
// others can be put in its place.
type Forms struct {
	Send       func(ctx context.Context, items chan<- int, item int) error
	Offer      func(items chan<- int, item int) (sent bool)
	Push       func(items chan int, item int) (oldest int, dropped bool)
	NewLimiter func(tokens int, period time.Duration) Waiter
}

// A Waiter is what the demo asks of a limiter.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Original is what this package offers.
var Original = Forms{
	Send:  Send[int],
	Offer: Offer[int],
	Push:  Push[int],
	NewLimiter: func(tokens int, period time.Duration) Waiter {
		return NewLimiter(tokens, period)
	},
}

// Demo returns the demo around forms.
func Demo(forms Forms) cookbook.Demo {
	return cookbook.NewDemo(
		"a producer is faster than its consumer, and a buffer is bounded",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, forms, in, record), nil
		})
}

func run(
	ctx context.Context, forms Forms, in Input, record *cookbook.Recorder,
) Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := func() {}
	if in.CancelAfter != nil {
		stop = cancelLater(milliseconds(*in.CancelAfter), func() {
			record.Record("caller", "cancel", "")
			cancel()
		})
	}
	d := &demo{forms: forms, in: in, record: record}
	d.outcome = Outcome{Delivered: []int{}, Dropped: []int{}, Left: []int{}}
	if in.Policy == "rateLimit" {
		d.limited(ctx)
	} else {
		d.buffered(ctx)
	}
	slices.Sort(d.outcome.Left) // they leave together
	stop()
	record.Record("caller", "return", "")
	return d.outcome
}

type demo struct {
	forms  Forms
	in     Input
	record *cookbook.Recorder

	mu      sync.Mutex
	outcome Outcome
}

// note changes the outcome.
func (d *demo) note(change func(*Outcome)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.outcome)
}

func (d *demo) buffered(ctx context.Context) {
	items := make(chan int, d.in.Bound)
	var wg sync.WaitGroup
	for _, side := range []func(context.Context, chan int) error{
		d.produce, d.consume,
	} {
		wg.Go(func() {
			if side(ctx, items) != nil {
				d.note(func(o *Outcome) { o.Error = "cancelled" })
			}
		})
	}
	wg.Wait()
	for item := range items {
		d.outcome.Left = append(d.outcome.Left, item)
	}
}

func (d *demo) produce(ctx context.Context, items chan int) error {
	defer close(items)
	for item, pause := range d.in.Produce {
		if err := cookbook.Sleep(ctx, milliseconds(pause)); err != nil {
			return err
		}
		name := strconv.Itoa(item)
		d.record.Record("producer", "offer", name)
		switch d.in.Policy {
		case "suspend":
			if err := d.forms.Send(ctx, items, item); err != nil {
				d.record.Record("producer", "refused", name)
				return err
			}
		case "dropNewest":
			if !d.forms.Offer(items, item) {
				d.drop(item)
			}
		case "dropOldest":
			if oldest, dropped := d.forms.Push(items, item); dropped {
				d.drop(oldest)
			}
		}
		d.record.Record("producer", "sent", name)
	}
	return nil
}

func (d *demo) drop(item int) {
	d.record.Record("buffer", "drop", strconv.Itoa(item))
	d.note(func(o *Outcome) { o.Dropped = append(o.Dropped, item) })
}

func (d *demo) consume(ctx context.Context, items chan int) error {
	for {
		select {
		case item, ok := <-items:
			if !ok {
				return nil
			}
			d.note(func(o *Outcome) {
				o.Delivered = append(o.Delivered, item)
			})
			if err := d.use(ctx, "consumer", item); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// use is what the downstream system does with an item.
func (d *demo) use(ctx context.Context, lane string, item int) error {
	name := strconv.Itoa(item)
	d.record.Record(lane, "start", name)
	took := milliseconds(d.in.Consume[item])
	if err := cookbook.Sleep(ctx, took); err != nil {
		d.record.Record(lane, "cancelled", name)
		return err
	}
	d.record.Record(lane, "end", name)
	return nil
}

func (d *demo) limited(ctx context.Context) {
	limiter := d.forms.NewLimiter(d.in.Tokens, milliseconds(d.in.Period))
	var wg sync.WaitGroup
	defer wg.Wait()
	cancelled := func(o *Outcome) { o.Error = "cancelled" }
	for item, pause := range d.in.Produce {
		if cookbook.Sleep(ctx, milliseconds(pause)) != nil {
			d.note(cancelled)
			return
		}
		wg.Go(func() {
			if d.request(ctx, limiter, item) != nil {
				d.note(cancelled)
			}
		})
	}
}

// request is one call to the downstream system; the error is ctx's.
func (d *demo) request(
	ctx context.Context, limiter Waiter, item int,
) error {
	name := strconv.Itoa(item)
	lane := "request " + name
	d.record.Record(lane, "wait", name)

	waiting, cancel := ctx, func() {}
	if len(d.in.Patience) > 0 && d.in.Patience[item] > 0 {
		waiting, cancel = context.WithTimeout(
			ctx, milliseconds(d.in.Patience[item]))
	}
	err := limiter.Wait(waiting)
	cancel()
	if err != nil {
		d.record.Record(lane, "leave", name)
		d.note(func(o *Outcome) {
			if ctx.Err() == nil {
				o.Dropped = append(o.Dropped, item)
			} else {
				o.Left = append(o.Left, item)
			}
		})
		return ctx.Err()
	}
	d.note(func(o *Outcome) { o.Delivered = append(o.Delivered, item) })
	return d.use(ctx, lane, item)
}

func milliseconds(n int) time.Duration {
	return time.Duration(n) * time.Millisecond
}

// cancelLater calls cancel after d. When the function that it returns
// has returned, cancel is not running and will not run.
func cancelLater(d time.Duration, cancel func()) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-done:
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
