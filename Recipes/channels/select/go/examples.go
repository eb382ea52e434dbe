// Package examples shows how select is used.
package examples

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"receive": serving(take, drain),
		"first":   cookbook.With(first),
		"lost":    cookbook.Plain(both),
		"merged":  cookbook.Plain(both),
		"facing":  cookbook.Plain(facing),
		"itself":  cookbook.Plain(itself),
	},
	Wrong:     wrong,
	Workloads: workloads,
}

type requests struct {
	Arrivals    []int `json:"arrivals"`
	Patience    []int `json:"patience"`
	Uses        []int `json:"uses"`
	Connections int   `json:"connections"`
}

func (in requests) patience(request int) time.Duration {
	return time.Duration(in.Patience[request%len(in.Patience)]) * time.Millisecond
}

type pools struct{ primary, replica chan int }

func (p pools) putBack(conn int) {
	if conn%2 == 0 {
		p.primary <- conn
	} else {
		p.replica <- conn
	}
}

var errTooLate = errors.New("too late")

// take takes a connection, or fails where there is none in time.
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
	return conn, nil
}

// drain counts what is left in the pools.
func drain(p pools) (count int) {
	primary, replica := p.primary, p.replica
	// #region nil
	for primary != nil || replica != nil {
		select {
		case _, ok := <-primary:
			if ok {
				count++
			} else {
				primary = nil
			}
		case _, ok := <-replica:
			if ok {
				count++
			} else {
				replica = nil
			}
		}
	}
	// #endregion
	return count
}

// serving lets requests come, each in the lane "request N" until it has a
// connection or none, and then in the lane "use N".
func serving(
	take func(context.Context, pools, time.Duration) (int, error),
	drain func(pools) int,
) cookbook.Example {
	return cookbook.With(func(
		ctx context.Context, stage cookbook.Stage, in requests,
	) error {
		p := pools{make(chan int, 100), make(chan int, 100)}
		for conn := range in.Connections {
			p.putBack(conn)
		}
		var wg sync.WaitGroup
		for request, arrival := range in.Arrivals {
			wg.Go(func() {
				if stage.Sleep(ctx, arrival) != nil {
					return
				}
				lane, conn, err := fmt.Sprint("request ", request), 0, error(nil)
				_ = stage.Busy(lane, func() error {
					conn, err = take(ctx, p, in.patience(request))
					if err == errTooLate {
						stage.Say(lane, "gives up")
						return nil
					}
					return err
				})
				if err != nil {
					return
				}
				use := in.Uses[request%len(in.Uses)]
				_ = stage.Work(ctx, fmt.Sprint("use ", request), use, false)
				p.putBack(conn)
			})
		}
		wg.Wait()
		close(p.primary)
		close(p.replica)
		stage.Println(drain(p))
		return nil
	})
}

type answers struct {
	Answers []int `json:"answers"`
	Limit   int   `json:"limit"`
}

func first(ctx context.Context, stage cookbook.Stage, in answers) error {
	limit := time.Duration(in.Limit) * time.Millisecond
	ask := func(ctx context.Context, mirror int) (string, error) {
		err := stage.Work(
			ctx, fmt.Sprint("mirror ", mirror), in.Answers[mirror], false)
		return fmt.Sprint("answer ", mirror), err
	}
	mirrors, fmt := in.Answers, stage
	var wg sync.WaitGroup
	defer wg.Wait()
	// #region first
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan string, len(mirrors))
	for mirror := range mirrors {
		wg.Go(func() {
			if answer, err := ask(ctx, mirror); err == nil {
				answers <- answer
			}
		})
	}
	select {
	case answer := <-answers:
		fmt.Println(answer)
	case <-time.After(limit):
		fmt.Println("too late")
	case <-ctx.Done():
		return ctx.Err()
	}
	// #endregion
	return nil
}

// both receives from either of two channels, twice.
func both(_ context.Context, fmt cookbook.Stage) error {
	orders, news := make(chan int, 1), make(chan int, 1)
	orders <- 1
	news <- 2
	for range 2 {
		// #region both
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

// facing lets two goroutines send to each other or receive.
func facing(_ context.Context, stage cookbook.Stage) error {
	left, right := make(chan int), make(chan int)
	var wg sync.WaitGroup
	meet := func(lane string, own, other chan int) {
		wg.Go(func() {
			stage.Attempt(lane, func() error {
				select {
				case other <- 1:
					stage.Say(lane, "sent")
				case <-own:
					stage.Say(lane, "received")
				}
				return nil
			})
		})
	}
	meet("left", left, right)
	meet("right", right, left)
	wg.Wait()
	return nil
}

func itself(_ context.Context, fmt cookbook.Stage) error {
	ch := make(chan int)
	select {
	case ch <- 1:
		fmt.Println("sent")
	case <-ch:
		fmt.Println("received")
	case <-time.After(9 * time.Millisecond):
		fmt.Println("neither")
	}
	return nil
}
