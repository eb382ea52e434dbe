package examples

import (
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// A way to signal: a channel, and what is done to it.
type way struct {
	ch     chan struct{}
	signal func(ch chan struct{})
}

func send(ch chan struct{}) { ch <- struct{}{} }

func shut(ch chan struct{}) { close(ch) }

var ways = map[string]func() way{
	"value":    func() way { return way{make(chan struct{}), send} },
	"buffered": func() way { return way{make(chan struct{}, 1), send} },
	"close":    func() way { return way{make(chan struct{}), shut} },
}

var cells = cookbook.Cells(map[string]func(cookbook.Lane, way){
	"signal-to-three":     func(fmt cookbook.Lane, w way) { fmt.Println(w.released(false)) },
	"signal-before-three": func(fmt cookbook.Lane, w way) { fmt.Println(w.released(true)) },
}, ways)

// released says how many of three goroutines one signal lets through.
func (w way) released(isFirst bool) int {
	var count atomic.Int64
	quit := make(chan struct{})
	defer close(quit)
	signalSoon := func() {
		go w.signal(w.ch)
		time.Sleep(time.Millisecond)
	}
	if isFirst {
		signalSoon()
	}
	for range 3 {
		go func() {
			select {
			case <-w.ch:
				count.Add(1)
			case <-quit:
			}
		}()
	}
	time.Sleep(time.Millisecond)
	if !isFirst {
		signalSoon()
	}
	return int(count.Load())
}
