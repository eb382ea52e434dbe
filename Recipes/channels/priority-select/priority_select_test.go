package priorityselect

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func filled(values ...int) chan int {
	ch := make(chan int, len(values))
	for _, value := range values {
		ch <- value
	}
	return ch
}

func TestHighIsChosenWheneverItIsReady(t *testing.T) {
	for range 100 { // a plain select would choose low half of the time
		high, low := filled(1), filled(2)
		_, fromHigh, _, _ := Receive(t.Context(), high, low)
		if !fromHigh {
			t.Fatal("low was chosen")
		}
	}
}

func TestLowIsServedWhenHighIsEmpty(t *testing.T) {
	value, fromHigh, ok, err := Receive(t.Context(), filled(), filled(2))
	if value != 2 || fromHigh || !ok || err != nil {
		t.Errorf("got %d, %t, %t, %v", value, fromHigh, ok, err)
	}
}

func TestWeightedServesLowAfterRatioValues(t *testing.T) {
	high, low := filled(1, 2, 3, 4, 5), filled(10, 20, 30)
	close(high)
	close(low)
	weighted := Weighted[int]{High: high, Low: low, Ratio: 2}
	var got []int
	for {
		value, ok, err := weighted.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		got = append(got, value)
	}
	if want := []int{1, 2, 10, 3, 4, 20, 5, 30}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestQueueEmptiesTheUrgentOneFirst(t *testing.T) {
	queue := NewQueue[int]()
	queue.Send(1, false)
	queue.Send(2, true)
	queue.Finish()
	var got []int
	for {
		value, ok, _ := queue.Next(t.Context())
		if !ok {
			break
		}
		got = append(got, value)
	}
	if want := []int{2, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestWaitingCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		never := make(chan int)
		if _, _, _, err := Receive(ctx, never, never); err == nil {
			t.Error("no error of Receive")
		}
		if _, _, err := NewQueue[int]().Next(ctx); err == nil {
			t.Error("no error of Next")
		}
	})
}
