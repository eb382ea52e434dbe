// Package examples shows what operations on nil and closed channels do.
package examples

import (
	"context"
	"maps"
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{Examples: map[string]cookbook.Example{
	"close-wakes-receivers":   cookbook.Meeting(2, unbuffered, receive, shut),
	"close-wakes-senders":     cookbook.Meeting(2, unbuffered, send, shut),
	"cancelled-send":          cookbook.Meeting(1, unbuffered, send, giveUp),
	"cancelled-iteration":     cookbook.Meeting(1, unbuffered, iterate, giveUp),
	"finish-wakes-iterations": cookbook.Meeting(2, unbuffered, iterate, shut),
	"two-iterations":          cookbook.Meeting(2, unbuffered, iterate, sendTwo),
	"two-closers":             cookbook.Meeting(2, unbuffered, closeIt, nil),
	"closers-with-once":       cookbook.Meeting(2, closingOnce, call, nil),
	"close-once":              cookbook.Plain(closeOnce),
}, Wrong: map[string]cookbook.Example{
	"select-from-closed/closedTakenForNil": cookbook.Plain(
		func(_ context.Context, fmt cookbook.Stage) error {
			operations["select-from"](fmt.Lane("caller"), nil)
			return nil
		}),
}}

func init() { maps.Copy(Room.Examples, cookbook.Cells(operations, states)) }

func shut(ch chan int, _ func()) { close(ch) }

func giveUp(_ chan int, cancel func()) { cancel() }

func call(_ cookbook.Lane, act func()) { act() }

func closingOnce() func() {
	ch := make(chan int)
	return sync.OnceFunc(func() { close(ch) })
}

func sendTwo(ch chan int, _ func()) {
	ch <- 3
	ch <- 3
	close(ch)
}

var states = map[string]func() chan int{
	"unbuffered":       unbuffered,
	"empty":            func() chan int { return buffered() },
	"half-full":        func() chan int { return buffered(1) },
	"full":             func() chan int { return buffered(1, 2) },
	"closed":           func() chan int { return closed(buffered()) },
	"closed-half-full": func() chan int { return closed(buffered(1)) },
	"nil":              func() chan int { return nil },
}

func unbuffered() chan int { return make(chan int) }

func buffered(values ...int) chan int {
	ch := make(chan int, 2)
	for _, value := range values {
		ch <- value
	}
	return ch
}

func closed(ch chan int) chan int { close(ch); return ch }

// operations holds what is done to a channel. Go has no other stream.
var operations = map[string]func(fmt cookbook.Lane, ch chan int){
	"send-on": send, "yield-to": send,
	"receive-from": receive,
	"close-of":     closeIt, "finish-of": closeIt,
	"range-over": drain, "iterate": iterate,
	"select-from": func(fmt cookbook.Lane, ch chan int) {
		select {
		case v, ok := <-ch:
			printReceived(fmt, v, ok)
		}
	},
	"select-send-on": func(fmt cookbook.Lane, ch chan int) {
		select {
		case ch <- 3:
			fmt.Println("sent")
		default:
			fmt.Println("default")
		}
	},
	"len-of": func(fmt cookbook.Lane, ch chan int) { fmt.Println(cap(ch), len(ch)) },
}

func send(_ cookbook.Lane, ch chan int) { ch <- 3 }

func closeIt(_ cookbook.Lane, ch chan int) { close(ch) }

func receive(fmt cookbook.Lane, ch chan int) {
	v, ok := <-ch
	printReceived(fmt, v, ok)
}

// printReceived prints ok only where it tells the end.
func printReceived(fmt cookbook.Lane, v int, ok bool) {
	if ok {
		fmt.Println(v)
	} else {
		fmt.Println(v, ok)
	}
}

func drain(fmt cookbook.Lane, ch chan int) {
	for v := range ch {
		fmt.Println(v)
	}
}

func iterate(fmt cookbook.Lane, ch chan int) {
	drain(fmt, ch)
	fmt.Println("again")
	drain(fmt, ch)
}

func closeOnce(_ context.Context, fmt cookbook.Stage) error {
	// #region once
	ch := make(chan int)
	var senders sync.WaitGroup
	for n := range 2 {
		senders.Go(func() { ch <- n })
	}
	go func() {
		senders.Wait()
		close(ch)
	}()
	for v := range ch {
		fmt.Println(v)
	}
	// #endregion
	return nil
}
