package examples

import (
	"context"
	"sync"

	priorityselect "concurrencycookbook/channels/priority-select/go/priorityselect"
	"concurrencycookbook/internal/cookbook"
)

// wrong holds priorities that are wrong on purpose: the comparison must find
// each.
var wrong = map[string]cookbook.Example{
	"strict/plainSelect":        working(receiving(plainSelect), 0),
	"strict/lowFirst":           working(receiving(lowFirst), 0),
	"strict/waitsForLowAlone":   working(receiving(waitsForLowAlone), 0),
	"weighted/endTakenForBoth":  working(endTakenForBoth, 0),
	"weighted/streakNeverReset": working(streakNeverReset, 0),
	"weighted/oneTurnTooMany":   working(oneTurnTooMany, 0),
	"queue/oneQueueForBoth":     working(oneQueueForBoth, unbounded),
	"queue/finishDropsTheQueue": working(endTakenForBoth, unbounded),
}

// plainSelect takes the order of the cases for a priority.
func plainSelect(
	ctx context.Context, high, low channel,
) (job string, fromHigh, ok bool, err error) {
	select {
	case job, ok = <-high:
		return job, true, ok, nil
	case job, ok = <-low:
		return job, false, ok, nil
	case <-ctx.Done():
		return "", false, false, ctx.Err()
	}
}

// lowFirst mixes up two arguments of one type.
func lowFirst(
	ctx context.Context, high, low channel,
) (job string, fromHigh, ok bool, err error) {
	job, fromLow, ok, err := priorityselect.Receive(ctx, low, high)
	return job, !fromLow, ok, err
}

// waitsForLowAlone asks high, and then waits for low while there is one.
func waitsForLowAlone(
	ctx context.Context, high, low channel,
) (job string, fromHigh, ok bool, err error) {
	if low == nil {
		return priorityselect.Receive(ctx, high, nil)
	}
	select {
	case job, ok = <-high:
		return job, true, ok, nil
	default:
		return priorityselect.Receive(ctx, nil, low)
	}
}

// endTakenForBoth ends with the first channel that does.
func endTakenForBoth(
	ctx context.Context, _ jobs, high, low channel,
	run func(string) error,
) error {
	for {
		job, _, ok, err := priorityselect.Receive(ctx, high, low)
		if !ok {
			return err
		}
		if err := run(job); err != nil {
			return err
		}
	}
}

// streakNeverReset counts the turns of high, and goes on counting when low
// has had its turn.
func streakNeverReset(
	ctx context.Context, in jobs, high, low channel,
	run func(string) error,
) error {
	streak := 0
	return receiving(func(ctx context.Context, high, low channel) (string, bool, bool, error) {
		if streak >= in.Ratio {
			return lowFirst(ctx, high, low)
		}
		job, fromHigh, ok, err := priorityselect.Receive(ctx, high, low)
		if ok && fromHigh {
			streak++
		}
		return job, fromHigh, ok, err
	})(ctx, in, high, low, run)
}

// oneTurnTooMany compares with > where it should with >=.
func oneTurnTooMany(
	ctx context.Context, in jobs, high, low channel,
	run func(string) error,
) error {
	in.Ratio++
	return weighted(ctx, in, high, low, run)
}

// oneQueueForBoth forgets which jobs are urgent.
func oneQueueForBoth(
	ctx context.Context, in jobs, high, low channel,
	run func(string) error,
) error {
	queue := make(chan string, unbounded)
	var wg sync.WaitGroup
	for _, ch := range []channel{high, low} {
		wg.Go(func() {
			for job := range ch {
				queue <- job
			}
		})
	}
	go func() {
		wg.Wait()
		close(queue)
	}()
	return strict(ctx, in, queue, nil, run)
}
