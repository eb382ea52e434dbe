package fanoutfanin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// every sends the times of a ticker, as numbers, count of them.
func every(d time.Duration, count int) Producer[time.Duration] {
	return func(ctx context.Context, out chan<- time.Duration) error {
		for i := range count {
			time.Sleep(d)
			err := Send(ctx, out, time.Duration(i+1)*d)
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func TestASlowProducerHoldsNobodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		values := 0
		for value, err := range FanIn(t.Context(), 0,
			every(time.Second, 5), every(time.Hour, 1)) {
			if err != nil {
				t.Error(err)
			}
			if at := time.Since(begin); at != value {
				t.Errorf("the value of %v came at %v", value, at)
			}
			values++
		}
		if values != 6 {
			t.Errorf("%d values, want 6", values)
		}
		if took := time.Since(begin); took != time.Hour {
			t.Errorf("ended after %v, want 1h", took)
		}
	})
}

func TestStoppingAfterAnyNumberOfValues(t *testing.T) {
	for stop := 1; stop < 12; stop++ {
		for _, buffer := range []int{0, 1, 5} {
			t.Run(fmt.Sprintf("%d, buffer %d", stop, buffer),
				func(t *testing.T) {
					// synctest.Test fails when a goroutine is left.
					synctest.Test(t, func(t *testing.T) {
						received := 0
						for _, err := range FanOut(t.Context(), 3, buffer,
							forever, low) {
							if err != nil {
								t.Error(err)
							}
							if received++; received == stop {
								break
							}
						}
						if received != stop {
							t.Errorf("%d received", received)
						}
					})
				})
		}
	}
}

func TestASlowConsumerHoldsTheWorkersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, buffer = 3, 2
		var ended atomic.Int32
		received := 0
		for _, err := range FanOut(t.Context(), workers, buffer, upTo(40),
			func(context.Context, int) (int, error) {
				ended.Add(1)
				return 0, nil
			}) {
			if err != nil {
				t.Error(err)
			}
			received++
			time.Sleep(time.Second)
			if waiting := int(ended.Load()) - received; waiting > workers+buffer {
				t.Errorf("%d results wait", waiting)
			}
		}
		if received != 40 {
			t.Errorf("%d received", received)
		}
	})
}

func TestTheFirstErrorComesAfterWhatWaits(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			var got []int
			var problem error
			for value, err := range FanOut(t.Context(), 2, 2, forever,
				func(ctx context.Context, i int) (int, error) {
					time.Sleep(time.Duration(i+1) * time.Second)
					if i >= 2 {
						return 0, broken
					}
					return i, nil
				}) {
				if err != nil {
					problem = err
					continue // the sequence ends by itself
				}
				got = append(got, value)
				time.Sleep(time.Minute)
			}
			if problem != broken || !slices.Equal(got, []int{0, 1}) {
				t.Errorf("got %v, %v; want [0 1], %v", got, problem, broken)
			}
		})
	}
}

func TestCancellationEndsTheSequence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(2500*time.Millisecond, func() { cancel(reason) })
		var started atomic.Int32
		var problem error
		for _, err := range FanOut(ctx, 2, 0, forever,
			func(context.Context, int) (int, error) {
				started.Add(1)
				time.Sleep(time.Second) // deaf to cancellation
				return 0, nil
			}) {
			problem = err
		}
		if problem != reason {
			t.Errorf("error %v, want %v", problem, reason)
		}
		if started.Load() != 6 {
			t.Errorf("%d started, want 6", started.Load())
		}
	})
}

func TestNoProducers(t *testing.T) {
	for value, err := range FanIn[int](t.Context(), 0) {
		t.Errorf("%v, %v of nobody", value, err)
	}
}

func TestAPanickingConsumerLeavesNobodyBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		for range FanOut(t.Context(), 3, 0, forever, low) {
			synctest.Wait() // until every worker has a result
			panic("consumer")
		}
	})
}
