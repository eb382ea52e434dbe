package cookbook

import (
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// A Workload is a piece of work that both languages do, to be timed.
type Workload struct {
	Name string
	// Prepare is called before Run, and not timed; nil does nothing.
	Prepare func()
	// Run does so many operations, and returns a number that depends on
	// each of them: both languages must return the same.
	Run func(operations int) int
	// Delays is instead of Run where operations are delays: each counts as
	// long as Percent of them are at most.
	Delays  func(operations int) []time.Duration
	Percent int
}

// Measure runs the workload, and says what it returned and how long it
// took.
func (w Workload) Measure(operations int) (int, time.Duration) {
	if w.Prepare != nil {
		w.Prepare()
	}
	if w.Delays != nil {
		delays := w.Delays(operations)
		slices.Sort(delays)
		delay := delays[(len(delays)-1)*w.Percent/100]
		return len(delays), delay * time.Duration(operations)
	}
	began := time.Now()
	result := w.Run(operations)
	return result, time.Since(began)
}

// Neighbours say how late a goroutine runs beside work that goes on until it
// is done: one that yields, and one that sleeps for a millisecond.
func Neighbours(work func(isDone *atomic.Bool)) (all []Workload) {
	for _, how := range []string{"yields", "sleeps"} {
		for _, percent := range []int{50, 90, 99} {
			all = append(all, Workload{
				Name:    fmt.Sprint("neighbour-", how, "-p", percent),
				Percent: percent,
				Delays: func(count int) (delays []time.Duration) {
					var isDone atomic.Bool
					defer isDone.Store(true)
					go work(&isDone)
					for range count {
						began := time.Now()
						time.Sleep(time.Millisecond)
						// By now the work is at full speed again.
						woke := time.Now()
						runtime.Gosched()
						delay := time.Since(woke)
						if how == "sleeps" {
							delay = woke.Sub(began)
						}
						delays = append(delays, delay)
					}
					return delays
				},
			})
		}
	}
	return all
}

// UpTo yields the numbers from 0 to n-1.
func UpTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// Text returns a text of so many bytes: words whose frequencies fall off as
// those of a natural language do.
func Text(bytes int) []byte {
	state := uint64(1)
	random := func(bound uint64) uint64 {
		state = state*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
		return state >> 33 % bound
	}
	var text []byte
	for len(text) < bytes {
		rank := random(1 << random(17))
		text = append(strconv.AppendUint(text, rank*48_271, 36), ' ')
	}
	return text
}

// Must panics if a workload fails: none is meant to.
func Must(err error) {
	if err != nil {
		panic(err)
	}
}

// Compute computes for a while: a chain of dependent steps that no compiler
// can shorten. It returns a number from 0 to 7.
func Compute(seed, steps int) int {
	value := uint64(seed)
	for range steps {
		value = value*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
		value ^= value >> 29
	}
	return int(value & 7)
}
