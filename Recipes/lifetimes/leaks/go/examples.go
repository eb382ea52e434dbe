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
	for name, body := range map[string]body{
		"send": send, "receive": receive, "range": rangeOver,
		"context": passOn, "ticker": tick, "lock": lock,
		"stopped": stopped, "global": global, "read": read,
	} {
		leak, mended := body.example(true), body.example(false)
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

// A body leaks or not.
type body func(ctx context.Context, client client, leaks bool) error

func (b body) example(leaks bool) cookbook.Example {
	return cookbook.With(
		func(ctx context.Context, stage cookbook.Stage, in client) error {
			in.stage = stage
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return b(ctx, in, leaks)
		})
}

type client struct {
	Takes, Broken int
	stage         cookbook.Stage
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

// poll polls until ctx is done.
func (c client) poll(ctx context.Context) {
	for c.stage.Sleep(ctx, 2*c.Takes) == nil {
		c.stage.Say("session", "poll")
	}
}

func send(ctx context.Context, client client, leaks bool) error {
	answers := make(chan error, 2)
	if leaks {
		answers = make(chan error)
	}
	go func() { answers <- client.call(ctx, 1) }()
	go func() { answers <- client.call(ctx, 2) }()
	return <-answers
}

func receive(ctx context.Context, client client, leaks bool) error {
	ctx = context.WithoutCancel(ctx) // as in Swift
	reply := make(chan error, 1)
	go func() {
		if err := client.call(ctx, 1); err == nil || !leaks {
			reply <- err
		}
	}()
	return <-reply
}

func rangeOver(ctx context.Context, client client, leaks bool) error {
	fmt := client.stage.Lane("reader")
	if leaks {
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

func passOn(ctx context.Context, client client, leaks bool) error {
	passed := ctx
	if leaks {
		passed = context.Background()
	}
	go client.poll(passed)
	return client.use(ctx)
}

func tick(ctx context.Context, client client, leaks bool) error {
	done := ctx.Done()
	if leaks {
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

func lock(ctx context.Context, client client, leaks bool) error {
	var account sync.Mutex
	var tasks sync.WaitGroup
	for n := 1; n <= 2; n++ {
		tasks.Go(func() {
			client.stage.Attempt(fmt.Sprint("task ", n), func() error {
				err := client.call(ctx, n)
				account.Lock()
				if err == nil || !leaks {
					defer account.Unlock()
				}
				return err
			})
		})
	}
	if !leaks {
		tasks.Wait()
	}
	return nil
}

// stopped waits for a ticker that its owner has stopped.
func stopped(_ context.Context, client client, leaks bool) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	if leaks {
		go func() {
			for range ticker.C {
				client.stage.Say("ticker", "refresh")
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
func global(_ context.Context, _ client, leaks bool) error {
	ch := make(chan int)
	channels = append(channels, ch)
	if leaks {
		<-ch
	}
	return nil
}

// read waits for what nobody writes.
func read(_ context.Context, _ client, leaks bool) error {
	reader, writer, err := os.Pipe()
	if leaks && err == nil {
		pipes = append(pipes, writer)
		_, err = reader.Read(make([]byte, 1))
	}
	return err
}
