package examples

import (
	"context"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// wrong holds selects that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"receive/defaultFirst":       serving(defaultFirst, drain),
	"receive/defaultWaits":       serving(defaultWaits, drain),
	"receive/timeoutNeverComes":  serving(timeoutNeverComes, drain),
	"receive/timeoutWithoutUnit": serving(timeoutWithoutUnit, drain),
	"receive/losersAreServedToo": serving(losersAreServedToo, drain),
	"receive/onlyTheFirstWaits":  serving(onlyTheFirstWaits, drain),
	"receive/endTakenForValue":   serving(take, endTakenForValue),
	"receive/closedTakenForNil":  serving(take, closedTakenForNil),
}

func defaultFirst(ctx context.Context, p pools, patience time.Duration) (int, error) {
	if patience == 0 {
		return 0, errTooLate
	}
	return take(ctx, p, patience)
}

// defaultWaits has a short timeout where it should have a default.
func defaultWaits(ctx context.Context, p pools, patience time.Duration) (int, error) {
	return take(ctx, p, max(patience, time.Millisecond))
}

// timeoutNeverComes stops its timer when it has made it, for want of a
// defer.
func timeoutNeverComes(ctx context.Context, p pools, patience time.Duration) (int, error) {
	timer := time.NewTimer(patience)
	timer.Stop()
	select {
	case conn := <-p.primary:
		return conn, nil
	case conn := <-p.replica:
		return conn, nil
	case <-timer.C:
		return 0, errTooLate
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// timeoutWithoutUnit converts a number of milliseconds to a duration, and
// so to nanoseconds.
func timeoutWithoutUnit(ctx context.Context, p pools, patience time.Duration) (int, error) {
	return take(ctx, p, patience/time.Millisecond)
}

// losersAreServedToo has a goroutine for each case, and cancels those that
// are not the first; but two may have been ready.
func losersAreServedToo(ctx context.Context, p pools, patience time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	conns := make(chan int, 2)
	var wg sync.WaitGroup
	for _, pool := range []chan int{p.primary, p.replica} {
		wg.Go(func() {
			if conn, err := take(ctx, pools{pool, nil}, patience); err == nil {
				conns <- conn
				cancel()
			}
		})
	}
	wg.Wait()
	cancel()
	select {
	case conn := <-conns:
		return conn, nil
	default:
		return 0, errTooLate
	}
}

// onlyTheFirstWaits tries all, and then waits for one of them.
func onlyTheFirstWaits(ctx context.Context, p pools, patience time.Duration) (int, error) {
	if conn, err := take(ctx, p, 0); err == nil || patience == 0 {
		return conn, err
	}
	return take(ctx, pools{p.primary, nil}, patience)
}

// endTakenForValue is a receive without an ok.
func endTakenForValue(p pools) int {
	return drain(p) + 1
}

// closedTakenForNil
func closedTakenForNil(p pools) int { return drain(pools{nil, p.replica}) }
