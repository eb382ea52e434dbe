package mutants

import (
	"context"

	priorityselect "concurrencycookbook/channels/priority-select"
)

// PrioritySelect holds wrong sources by the name of their mistake.
var PrioritySelect = map[string]priorityselect.NewSource{
	"plainSelect":         inMode("strict", receiving(plainSelect)),
	"lowFirst":            inMode("strict", receiving(lowFirst)),
	"waitsForLowAlone":    inMode("strict", receiving(waitsForLowAlone)),
	"endTakenForBoth":     inMode("strict", endTakenForBoth),
	"streakNeverReset":    inMode("weighted", streakNeverReset),
	"oneTurnTooMany":      inMode("weighted", oneTurnTooMany),
	"oneQueueForBoth":     inMode("queue", oneQueueForBoth),
	"finishDropsTheQueue": inMode("queue", finishDropsTheQueue),
}

// inMode puts another source in the place of that of one mode.
func inMode(
	wrong string, source func(ratio int) priorityselect.Source,
) priorityselect.NewSource {
	return func(mode string, ratio int) priorityselect.Source {
		if mode != wrong {
			return priorityselect.Original(mode, ratio)
		}
		return source(ratio)
	}
}

type (
	jobs       = <-chan string
	receiveJob = func(ctx context.Context, high, low jobs) (
		job string, fromHigh, ok bool, err error)
)

// receiving makes a source of a receive from two channels, each of which
// is nil from its end on.
func receiving(receive receiveJob) func(int) priorityselect.Source {
	return func(int) priorityselect.Source {
		return priorityselect.FromChannels(
			func(high, low jobs) priorityselect.Next {
				return func(ctx context.Context) (string, bool, error) {
					for high != nil || low != nil {
						job, fromHigh, ok, err := receive(ctx, high, low)
						if ok || err != nil {
							return job, ok, err
						}
						if fromHigh {
							high = nil
						} else {
							low = nil
						}
					}
					return "", false, nil
				}
			})
	}
}

// plainSelect takes the order of the cases for a priority.
func plainSelect(
	ctx context.Context, high, low jobs,
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
	ctx context.Context, high, low jobs,
) (job string, fromHigh, ok bool, err error) {
	job, fromLow, ok, err := priorityselect.Receive(ctx, low, high)
	return job, !fromLow, ok, err
}

// waitsForLowAlone asks high, and then waits for low while there is one.
func waitsForLowAlone(
	ctx context.Context, high, low jobs,
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
func endTakenForBoth(int) priorityselect.Source {
	return priorityselect.FromChannels(
		func(high, low jobs) priorityselect.Next {
			return func(ctx context.Context) (string, bool, error) {
				job, _, ok, err := priorityselect.Receive(ctx, high, low)
				return job, ok, err
			}
		})
}

// streakNeverReset counts the turns of high, and goes on counting when low
// has had its turn.
func streakNeverReset(ratio int) priorityselect.Source {
	streak := 0
	return receiving(func(
		ctx context.Context, high, low jobs,
	) (job string, fromHigh, ok bool, err error) {
		if streak >= ratio {
			return lowFirst(ctx, high, low)
		}
		job, fromHigh, ok, err = priorityselect.Receive(ctx, high, low)
		if ok && fromHigh {
			streak++
		}
		return job, fromHigh, ok, err
	})(ratio)
}

// oneTurnTooMany compares with > where it should with >=.
func oneTurnTooMany(ratio int) priorityselect.Source {
	return priorityselect.Original("weighted", ratio+1)
}

// oneQueueForBoth forgets which jobs are urgent.
func oneQueueForBoth(ratio int) priorityselect.Source {
	source := priorityselect.Original("queue", ratio)
	put := source.Put
	source.Put = func(job string, _ bool) { put(job, false) }
	return source
}

// finishDropsTheQueue asks for the end before it asks for what is there.
func finishDropsTheQueue(ratio int) priorityselect.Source {
	source := priorityselect.Original("queue", ratio)
	finish, next := source.Finish, source.Next
	finished := make(chan struct{})
	source.Finish = func() {
		close(finished)
		finish()
	}
	source.Next = func(ctx context.Context) (string, bool, error) {
		select {
		case <-finished:
			return "", false, nil
		default:
			return next(ctx)
		}
	}
	return source
}
