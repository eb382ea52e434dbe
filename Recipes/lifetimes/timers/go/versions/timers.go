//go:build ignore

// Timers prints what Go 1.23 has changed about timers: .ci/timers runs it with
// Go 1.22 and with today's Go.
package main

import (
	"fmt"
	"runtime"
	"time"
)

func main() {
	// Of one processor, a timer fires before a later sleep ends.
	runtime.GOMAXPROCS(1)
	unread()
	kept("After", func() { time.After(time.Hour) })
	kept("NewTimer", func() { time.NewTimer(time.Hour) })
	kept("NewTicker", func() { time.NewTicker(time.Hour) })
	kept("Tick", func() { time.Tick(time.Hour) })
	kept("AfterFunc", func() { time.AfterFunc(time.Hour, func() {}) })
}

func unread() {
	const ms = time.Millisecond
	// #region unread
	timer := time.NewTimer(10 * ms)
	time.Sleep(20 * ms) // it is due, and nobody receives
	fmt.Println("cap", cap(timer.C), "len", len(timer.C))
	fmt.Println("Stop", timer.Stop())
	timer.Reset(time.Hour)
	select {
	case <-timer.C:
		fmt.Println("a stale tick")
	default:
		fmt.Println("no tick")
	}
	// #endregion
}

// kept says whether timers stay to which nothing refers: it counts what is on
// the heap after a collection.
func kept(name string, start func()) {
	const count = 10_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range count {
		start()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapObjects > before.HeapObjects+count/2 {
		fmt.Println(name, "is kept")
	} else {
		fmt.Println(name, "is collected")
	}
}
