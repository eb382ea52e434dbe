// Package examples shows what goroutines leak by, and what sees it.
package examples

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples:     map[string]cookbook.Example{},
	Wrong:        map[string]cookbook.Example{},
	Measurements: map[string]cookbook.Measurement{},
}

func init() {
	for name, body := range map[string]func(context.Context, client) error{
		"send": send, "receive": receive, "range": rangeOver,
		"context": passOn, "ticker": tick, "lock": lock,
		"stopped": stopped, "global": global, "read": read,
	} {
		leak, mended := example(body, true), example(body, false)
		const input = `{"takes":2,"broken":1}`
		Room.Measurements[name] = cookbook.Detectors(input, leak, mended)
		switch name {
		case "send", "stopped", "global", "read": // measured only
		case "lock": // its leak stops virtual time
			Room.Examples[name] = mended
		default:
			Room.Examples[name], Room.Wrong[name+"/leak"] = mended, leak
		}
	}
}

func example(body func(context.Context, client) error, leaks bool) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in client) error {
			in.stage, in.leaks = stage, leaks
			return body(ctx, in) // then ctx is cancelled
		})
}

type client struct {
	Takes, Broken int
	stage         cookbook.Stage
	leaks         bool
}

func (c client) call(ctx context.Context, n int) error {
	return c.stage.Work(ctx, fmt.Sprint("call ", n), n*c.Takes, n == c.Broken)
}

// use uses something until the caller stops.
func (c client) use(ctx context.Context) error {
	err := c.stage.Sleep(ctx, 5*c.Takes)
	if err == nil {
		c.stage.Leave("caller")
	}
	return err
}

func send(ctx context.Context, client client) error {
	answers := make(chan error, 2)
	if client.leaks {
		answers = make(chan error)
	}
	go func() { answers <- client.call(ctx, 1) }()
	go func() { answers <- client.call(ctx, 2) }()
	return <-answers
}

func receive(ctx context.Context, client client) error {
	ctx = context.WithoutCancel(ctx) // as in Swift
	reply := make(chan error, 1)
	go func() {
		if err := client.call(ctx, 1); err == nil || !client.leaks {
			reply <- err
		}
	}()
	return <-reply
}

func rangeOver(ctx context.Context, client client) error {
	fmt := client.stage.Lane("reader")
	if client.leaks {
		results := make(chan int)
		go func() {
			for n := range results {
				fmt.Println(n)
			}
		}()
		return client.call(ctx, 1)
	}
	// #region range
	results := make(chan int)
	var reader sync.WaitGroup
	reader.Go(func() {
		for n := range results {
			fmt.Println(n)
		}
	})
	defer reader.Wait()
	defer close(results)
	for n := 1; n <= 2; n++ {
		if err := client.call(ctx, n); err != nil {
			return err
		}
		results <- n
	}
	return nil
	// #endregion
}

func passOn(ctx context.Context, client client) error {
	passed := ctx
	if client.leaks {
		passed = context.Background()
	}
	go func() { // polls until passed is done
		for client.stage.Sleep(passed, 2*client.Takes) == nil {
			client.stage.Say("session", "poll")
		}
	}()
	return client.use(ctx)
}

func tick(ctx context.Context, client client) error {
	done := ctx.Done()
	if client.leaks {
		done = nil // a loop that waits for the ticker alone
	}
	go func() {
		ticker := time.NewTicker(cookbook.Milliseconds(2 * client.Takes))
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				client.stage.Say("ticker", "refresh")
			case <-done:
				return
			}
		}
	}()
	return client.use(ctx)
}

func lock(ctx context.Context, client client) error {
	// A Mutex alone shares 16 bytes with other small values: while a goroutine
	// that runs has one of those, goroutineleak takes the Mutex for reachable.
	var account sync.RWMutex
	var tasks sync.WaitGroup
	for n := 1; n <= 2; n++ {
		tasks.Go(func() {
			client.stage.Attempt(fmt.Sprint("task ", n), func() error {
				err := client.call(ctx, n)
				account.Lock()
				if err == nil || !client.leaks {
					defer account.Unlock()
				}
				return err
			})
		})
	}
	if !client.leaks {
		tasks.Wait()
	}
	return nil
}

// stopped waits for a ticker that its owner has stopped.
func stopped(_ context.Context, client client) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	if client.leaks {
		go func() {
			for range ticker.C {
			}
		}()
	}
	return nil
}

var (
	channels []chan int
	pipes    []*os.File
)

// global waits at a channel that a variable of the package refers to.
func global(_ context.Context, client client) error {
	ch := make(chan int)
	channels = append(channels, ch)
	if client.leaks {
		<-ch
	}
	return nil
}

// read waits for what nobody writes.
func read(_ context.Context, client client) error {
	reader, writer, err := os.Pipe()
	if client.leaks && err == nil {
		pipes = append(pipes, writer)
		_, err = reader.Read(make([]byte, 1))
	}
	return err
}
