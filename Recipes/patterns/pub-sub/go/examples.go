// Package examples shows how values are published for several subscribers.
package examples

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/patterns/pub-sub/go/pubsub"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"plain": cookbook.With(plain),
		"topic": cookbook.With(topic),
		"start": cookbook.With(start),
	},
	Wrong: map[string]cookbook.Example{
		"topic/dropsInstead": cookbook.With(dropsInstead),
		"plain/oneMore":      cookbook.With(plain, func(in *feed) { in.Bound++ }),
	},
	Workloads: workloads,
}

type feed struct {
	Pauses, Arrivals, Times, FailAt, Patience []int
	Policies                                  []pubsub.Policy
	Bound                                     int
	GiveUp                                    *int
}

type show = func(ctx context.Context, price int) error

func (in feed) show(stage cookbook.Stage, task int) show {
	lane := fmt.Sprint("task ", task)
	ms, failAt := cookbook.At(in.Times, task, 1), cookbook.At(in.FailAt, task, 0)
	return func(ctx context.Context, price int) error {
		stage.Say(lane, price)
		return stage.Work(ctx, lane, ms, failAt > 0 && price+1 >= failAt)
	}
}

// policy returns a subscriber's policy; further ones are as the last.
func (in feed) policy(task int) pubsub.Policy {
	if n := len(in.Policies); n > 0 {
		return in.Policies[min(task, n-1)]
	}
	return pubsub.Wait
}

func (in feed) perform(
	ctx context.Context, stage cookbook.Stage,
	publish func(ctx context.Context, price int) error, closeTopic func(),
	subscribe func(ctx context.Context, task int) error,
) error {
	var wg sync.WaitGroup
	wg.Go(func() {
		defer closeTopic()
		ctx, stop := stage.CancelAfter(ctx, "publisher", in.GiveUp)
		defer stop()
		stage.Attempt("publisher", func() error {
			for price := range stage.Source(ctx, "publisher", in.Pauses) {
				err := stage.Busy("publisher", func() error { return publish(ctx, price) })
				if err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	})
	visits := cookbook.Visits{Arrivals: in.Arrivals, Patience: in.Patience}
	visits.Come(ctx, stage, subscribe)
	wg.Wait()
	return nil
}

type broker struct {
	mu     sync.Mutex
	prices map[chan int]bool // nil when it is closed
}

func (b *broker) subscribe(n int) chan int {
	b.mu.Lock()
	defer b.mu.Unlock()
	prices := make(chan int, n)
	if b.prices == nil {
		close(prices)
	} else {
		b.prices[prices] = true
	}
	return prices
}

func (b *broker) leave(prices chan int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.prices, prices)
}

// #region publish
func (b *broker) publish(price int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for prices := range b.prices {
		select {
		case prices <- price:
		default: // too slow for this one
		}
	}
}

// #endregion

func (b *broker) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for prices := range b.prices {
		close(prices)
	}
	b.prices = nil
}

func plain(ctx context.Context, stage cookbook.Stage, in feed) error {
	broker := broker{prices: map[chan int]bool{}}
	publish := func(_ context.Context, price int) error {
		broker.publish(price)
		return nil
	}
	return in.perform(ctx, stage, publish, broker.close,
		func(ctx context.Context, task int) error {
			n, show := in.Bound, in.show(stage, task)
			// #region plain
			prices := broker.subscribe(n)
			defer broker.leave(prices)
			for price := range prices {
				if err := show(ctx, price); err != nil {
					return err
				}
			}
			// #endregion
			return nil
		})
}

func topic(ctx context.Context, stage cookbook.Stage, in feed) error {
	topic := pubsub.NewTopic[int]()
	return in.perform(ctx, stage, topic.Publish, topic.Close,
		func(ctx context.Context, task int) error {
			n, policy, show := in.Bound, in.policy(task), in.show(stage, task)
			// #region topic
			prices := topic.Subscribe(n, policy)
			defer prices.Leave()
			for price, err := range prices.All(ctx) {
				if err != nil {
					return err
				}
				if err := show(ctx, price); err != nil {
					return err
				}
			}
			// #endregion
			return nil
		})
}

// dropsInstead drops what comes for a subscriber that is to be waited for.
func dropsInstead(ctx context.Context, stage cookbook.Stage, in feed) error {
	for task, policy := range in.Policies {
		if policy == pubsub.Wait {
			in.Policies[task] = pubsub.DropNewest
		}
	}
	return topic(ctx, stage, in)
}

type crowd struct{ Subscribers, Prices int }

func start(ctx context.Context, stage cookbook.Stage, in crowd) error {
	topic := pubsub.NewTopic[int]()
	var wg sync.WaitGroup
	for task := range in.Subscribers {
		prices := topic.Subscribe(in.Prices, pubsub.Wait) // not in the goroutine
		wg.Go(func() {
			defer prices.Leave()
			var all []int
			for price := range prices.All(ctx) {
				all = append(all, price)
			}
			stage.Say(fmt.Sprint("task ", task), all)
		})
	}
	for number := range in.Prices {
		cookbook.Must(topic.Publish(ctx, number))
	}
	topic.Close()
	wg.Wait()
	return nil
}

var workloads = []cookbook.Workload{{Name: "hundred", Run: hundred}}

// hundred sends to 100 buffered channels, as a broker does.
func hundred(operations int) int {
	var mu sync.RWMutex
	var wg sync.WaitGroup
	var total atomic.Int64
	topic := make([]chan int, 100)
	for task := range topic {
		topic[task] = make(chan int, 64)
		wg.Go(func() {
			sum := 0
			for number := range topic[task] {
				sum += number & 7
			}
			total.Add(int64(sum))
		})
	}
	for number := range operations {
		mu.RLock()
		for _, numbers := range topic {
			numbers <- number
		}
		mu.RUnlock()
	}
	for _, numbers := range topic {
		close(numbers)
	}
	wg.Wait()
	return int(total.Load())
}
