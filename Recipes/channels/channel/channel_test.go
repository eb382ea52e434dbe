package channel

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestBufferTakesItsCapacityAndNoMore(t *testing.T) {
	ch := make(chan int, 2)
	if !TrySend(ch, 1) || !TrySend(ch, 2) || TrySend(ch, 3) {
		t.Error("a channel of capacity 2 holds two values")
	}
	if value, received, open := TryReceive(ch); value != 1 || !received || !open {
		t.Errorf("got %d, %t, %t", value, received, open)
	}
}

func TestNothingIsSentWhereNobodyReceives(t *testing.T) {
	ch := make(chan int)
	if TrySend(ch, 1) {
		t.Error("nobody receives")
	}
	if _, received, open := TryReceive(ch); received || !open {
		t.Error("nobody sends")
	}
}

func TestClosedChannelGivesWhatIsInItThenItsEnd(t *testing.T) {
	ch := make(chan int, 2)
	ch <- 1
	ch <- 2
	close(ch)
	var got []int
	for value := range ch {
		got = append(got, value)
	}
	if !slices.Equal(got, []int{1, 2}) {
		t.Errorf("got %v", got)
	}
	if _, ok, err := Receive(t.Context(), ch); ok || err != nil {
		t.Errorf("got %t, %v", ok, err)
	}
	if _, received, open := TryReceive(ch); received || open {
		t.Error("the end is not there")
	}
}

func TestSendOnClosedChannelPanics(t *testing.T) {
	ch := make(chan int, 1)
	close(ch)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Send(t.Context(), ch, 1)
}

func TestRendezvousEndsOnBothSidesAtOneInstant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		ch := make(chan int)
		sent := make(chan time.Duration)
		go func() {
			Send(t.Context(), ch, 1)
			sent <- time.Since(begin)
		}()
		time.Sleep(3 * time.Second)
		<-ch
		if took := <-sent; took != 3*time.Second {
			t.Errorf("sent after %v", took)
		}
	})
}

func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ch := make(chan int)
		if err := Send(ctx, ch, 1); err != context.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
		if _, _, err := Receive(ctx, ch); err != context.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
	})
}
