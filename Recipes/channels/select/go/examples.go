// Package examples shows how select is used.
package examples

import (
	"context"
	"errors"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"receive": serving(take),
		"merged":  cookbook.Plain(merged),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type pools struct{ primary, replica chan int }

// putBack gives each connection a pool of its own, which has room for it.
func (p pools) putBack(conn int) {
	if conn%2 == 0 {
		p.primary <- conn
	} else {
		p.replica <- conn
	}
}

var errTooLate = errors.New("too late")

// A taker takes a connection, or fails where there is none in time; without
// patience it does not wait.
type taker func(
	ctx context.Context, p pools, patience time.Duration,
) (conn int, err error)

func take(ctx context.Context, p pools, patience time.Duration) (conn int, err error) {
	primary, replica := p.primary, p.replica
	if patience == 0 {
		// #region default
		select {
		case conn = <-primary:
		case conn = <-replica:
		default:
			return 0, errTooLate
		}
		// #endregion
		return conn, nil
	}
	// #region receive
	select {
	case conn = <-primary:
	case conn = <-replica:
	case <-time.After(patience):
		return 0, errTooLate
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	// #endregion
	if ctx.Err() != nil { // where both were ready, chance has decided
		p.putBack(conn)
	}
	return conn, ctx.Err()
}

func serving(take taker) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in cookbook.Visits,
	) error {
		p := pools{make(chan int, 1_024), make(chan int, 1_024)}
		for conn := range in.Limit {
			p.putBack(conn)
		}
		patience := func(task int) time.Duration {
			ms := cookbook.At(in.Patience, task, 0)
			switch {
			case in.Tries(task):
				return 0
			case ms > 0:
				return cookbook.Milliseconds(ms)
			default:
				return cookbook.Limit(nil)
			}
		}
		visits := in
		visits.Patience = nil // here it is that of the select
		visits.Come(ctx, stage, func(ctx context.Context, task int) error {
			conn, err := take(ctx, p, patience(task))
			if err != nil {
				return err
			}
			defer p.putBack(conn)
			return in.Hold(ctx, stage, task)
		})
		stage.Println(len(p.primary) + len(p.replica))
		return nil
	})
}

func merged(_ context.Context, fmt cookbook.Stage) error {
	orders, news := make(chan int, 1), make(chan int, 1)
	orders <- 1
	news <- 2
	for range 2 {
		// #region merged
		select {
		case order := <-orders:
			fmt.Println(order)
		case item := <-news:
			fmt.Println(item)
		}
		// #endregion
	}
	return nil
}

// The statement lists its cases each time.
var workloads = []cookbook.Workload{
	{Name: "six-senders", Run: sixSenders},
	{Name: "six-senders-listed", Run: sixSenders},
}

func sixSenders(operations int) int {
	var chans [6]chan int
	var wg sync.WaitGroup
	for i := range chans {
		chans[i] = make(chan int)
		wg.Go(func() {
			for element := range operations / 6 {
				chans[i] <- element & 7
			}
		})
	}
	sum := 0
	for range operations / 6 * 6 {
		select {
		case element := <-chans[0]:
			sum += element
		case element := <-chans[1]:
			sum += element
		case element := <-chans[2]:
			sum += element
		case element := <-chans[3]:
			sum += element
		case element := <-chans[4]:
			sum += element
		case element := <-chans[5]:
			sum += element
		}
	}
	wg.Wait()
	return sum
}
