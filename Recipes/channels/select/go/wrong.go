package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
)

var wrong = map[string]cookbook.Example{
	"receive/defaultFirst":       serving(defaultFirst),
	"receive/losersAreServedToo": serving(losersAreServedToo),
	"receive/onlyTheFirstWaits":  serving(onlyTheFirstWaits),
	// A short timeout where there should be a default.
	"receive/defaultWaits": waiting(func(patience time.Duration) time.Duration {
		return max(patience, time.Millisecond)
	}),
	// The timer is stopped when it has been made, for want of a defer.
	"receive/timeoutNeverComes": waiting(func(patience time.Duration) time.Duration {
		return patience * 1_000_000
	}),
	// A number of milliseconds is taken for a duration.
	"receive/timeoutWithoutUnit": waiting(func(patience time.Duration) time.Duration {
		return patience / time.Millisecond
	}),
}

func waiting(edit func(time.Duration) time.Duration) cookbook.Example {
	return serving(func(
		ctx context.Context, p pools, patience time.Duration,
	) (int, error) {
		return take(ctx, p, edit(patience))
	})
}

func defaultFirst(ctx context.Context, p pools, patience time.Duration) (int, error) {
	if patience == 0 {
		return 0, errTooLate
	}
	return take(ctx, p, patience)
}

// losersAreServedToo drops what another case has received as well.
func losersAreServedToo(ctx context.Context, p pools, patience time.Duration) (int, error) {
	conn, err := take(ctx, p, patience)
	if err == nil {
		_, _ = take(ctx, p, 0)
	}
	return conn, err
}

// onlyTheFirstWaits tries all, and then waits for one of them.
func onlyTheFirstWaits(ctx context.Context, p pools, patience time.Duration) (int, error) {
	if conn, err := take(ctx, p, 0); err == nil || patience == 0 {
		return conn, err
	}
	return take(ctx, pools{p.primary, nil}, patience)
}
