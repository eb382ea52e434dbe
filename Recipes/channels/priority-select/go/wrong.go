package examples

import (
	"context"

	priorityselect "concurrencycookbook/channels/priority-select/go/priorityselect"
	"concurrencycookbook/internal/cookbook"
)

var wrong = map[string]cookbook.Example{
	"strict/plainSelect":        working(receiving(plainSelect), 0),
	"strict/waitsForLowAlone":   working(receiving(waitsForLowAlone), 0),
	"weighted/endTakenForBoth":  working(endTakenForBoth, 0),
	"weighted/oneTurnTooMany":   working(oneTurnTooMany, 0),
	"queue/plainSelect":         working(receiving(plainSelect), unbounded),
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

// oneTurnTooMany compares with > where it should with >=.
func oneTurnTooMany(
	ctx context.Context, in jobs, high, low channel,
	run func(string) error,
) error {
	in.Ratio++
	return weighted(ctx, in, high, low, run)
}
