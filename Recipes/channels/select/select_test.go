package selecting

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestDefaultIsServedOnlyWhereNothingElseIsReady(t *testing.T) {
	ch := make(chan int, 1)
	cases := []Case{{ReceiveFrom: ch}, {}}
	if index, _, _, _ := Select(t.Context(), cases); index != 1 {
		t.Errorf("case %d, want the default", index)
	}
	ch <- 7
	index, value, ok, _ := Select(t.Context(), cases)
	if index != 0 || value != 7 || !ok {
		t.Errorf("case %d, %d, %t", index, value, ok)
	}
}

func TestReadyCaseIsChosenUniformly(t *testing.T) {
	closed := make(chan int)
	close(closed)
	cases := []Case{{ReceiveFrom: closed}, {ReceiveFrom: closed}}
	const rounds = 10_000
	first := 0
	for range rounds {
		if index, _, _, _ := Select(t.Context(), cases); index == 0 {
			first++
		}
	}
	// Five standard deviations, which are sqrt(rounds)/2 = 50 each: one
	// run in 1.7 million fails.
	if first < rounds/2-250 || first > rounds/2+250 {
		t.Errorf("%d of %d", first, rounds)
	}
}

func TestTimeoutComesAtItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		cases := []Case{
			{ReceiveFrom: make(chan int)}, {Timeout: 3 * time.Second},
		}
		index, _, _, _ := Select(t.Context(), cases)
		if took := time.Since(begin); index != 1 || took != 3*time.Second {
			t.Errorf("case %d after %v", index, took)
		}
		if _, ok := FirstOf[int](nil, nil, time.Second); ok {
			t.Error("a nil channel was ready")
		}
	})
}

func TestGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, _, err := Select(ctx, []Case{{ReceiveFrom: make(chan int)}})
		if err != context.DeadlineExceeded {
			t.Errorf("error %v", err)
		}
	})
}
