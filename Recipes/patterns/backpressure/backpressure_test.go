package backpressure

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestSendWaitsForRoomAndNotLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan int, 2)
		begin := time.Now()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			for range 5 {
				time.Sleep(time.Second)
				<-items
			}
		})
		var sent []time.Duration
		for item := range 5 {
			if err := Send(t.Context(), items, item); err != nil {
				t.Error(err)
			}
			sent = append(sent, time.Since(begin)/time.Second)
		}
		if want := []time.Duration{0, 0, 1, 2, 3}; !slices.Equal(sent, want) {
			t.Errorf("sent at %v, want %v", sent, want)
		}
	})
}

func TestCancelledSendSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan int, 1)
		items <- 1
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := Send(ctx, items, 2)
		if err != context.DeadlineExceeded || len(items) != 1 {
			t.Errorf("%v, %d items in the channel", err, len(items))
		}
	})
}

func TestOfferDropsTheNewest(t *testing.T) {
	items := make(chan int, 3)
	for item := range 5 {
		if sent := Offer(items, item); sent != (item < 3) {
			t.Errorf("%d: sent is %v", item, sent)
		}
	}
	close(items)
	if got, want := drain(items), []int{0, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("left are %v, want %v", got, want)
	}
}

func TestPushDropsTheOldest(t *testing.T) {
	items := make(chan int, 3)
	var dropped []int
	for item := range 5 {
		if oldest, ok := Push(items, item); ok {
			dropped = append(dropped, oldest)
		}
	}
	close(items)
	if want := []int{0, 1}; !slices.Equal(dropped, want) {
		t.Errorf("dropped %v, want %v", dropped, want)
	}
	if got, want := drain(items), []int{2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("left are %v, want %v", got, want)
	}
}

func TestNothingIsDroppedForAConsumerThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		items := make(chan int)
		done := make(chan []int)
		go func() { done <- drain(items) }()
		for item := range 3 {
			synctest.Wait()
			if !Offer(items, item) {
				t.Errorf("%d was dropped", item)
			}
		}
		close(items)
		if got := <-done; !slices.Equal(got, []int{0, 1, 2}) {
			t.Errorf("received %v", got)
		}
	})
}

func drain(items chan int) (all []int) {
	for item := range items {
		all = append(all, item)
	}
	return all
}

func TestNoWindowHoldsMoreThanItsTokens(t *testing.T) {
	for _, tokens := range []int{1, 2, 3, 7} {
		t.Run(fmt.Sprint(tokens), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limiter := NewLimiter(tokens, time.Second)
				var at []time.Time
				for call := range 40 {
					// Now and then less than is allowed.
					if call%9 == 0 {
						time.Sleep(time.Duration(call) * 70 * time.Millisecond)
					}
					if err := limiter.Wait(t.Context()); err != nil {
						t.Error(err)
					}
					at = append(at, time.Now())
				}
				for i := tokens; i < len(at); i++ {
					if d := at[i].Sub(at[i-tokens]); d < time.Second {
						t.Errorf("%d calls within %v", tokens+1, d)
					}
				}
			})
		})
	}
}

func TestWaitersAreServedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(2, time.Second)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var served []int
		for call := range 9 {
			wg.Go(func() {
				limiter.Wait(context.Background())
				mu.Lock()
				defer mu.Unlock()
				served = append(served, call)
			})
			time.Sleep(time.Millisecond)
		}
		wg.Wait()
		if want := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}; !slices.Equal(served, want) {
			t.Errorf("served %v", served)
		}
	})
}

func TestCancelledWaiterTakesNoToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limiter := NewLimiter(1, time.Minute)
		begin := time.Now()
		limiter.Wait(t.Context())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		gone := make(chan error)
		for range 2 { // at the head, and behind it
			go func() { gone <- limiter.Wait(ctx) }()
		}
		synctest.Wait()
		go func() { gone <- limiter.Wait(t.Context()) }()
		for range 2 {
			if err := <-gone; err != context.DeadlineExceeded {
				t.Errorf("error %v", err)
			}
		}
		if d := time.Since(begin); d != time.Second {
			t.Errorf("gave up after %v", d)
		}
		if err := <-gone; err != nil || time.Since(begin) != time.Minute {
			t.Errorf("%v, served after %v", err, time.Since(begin))
		}
	})
}

func TestCancelledCallerTakesNoFreeToken(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // since a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			limiter := NewLimiter(1, time.Minute)
			if err := limiter.Wait(cancelled); err != context.Canceled {
				t.Errorf("error %v", err)
			}
			begin := time.Now()
			limiter.Wait(context.Background())
			if d := time.Since(begin); d != 0 {
				t.Errorf("the token was gone for %v", d)
			}
		})
	}
}
