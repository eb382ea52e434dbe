package examples

import (
	"sync/atomic"
	"time"

	"concurrencycookbook/internal/cookbook"
)

var workloads = []cookbook.Workload{
	{Name: "stopped", Run: func(count int) int {
		stopped := 0
		for range count {
			timer := time.AfterFunc(time.Minute, func() {})
			if timer.Stop() {
				stopped++
			}
		}
		return stopped
	}},
	{Name: "fired", Run: func(count int) int {
		var fired atomic.Int64
		done := make(chan struct{})
		for n := range count {
			time.AfterFunc(cookbook.Milliseconds(1+n*7_919%50), func() {
				if fired.Add(1) == int64(count) {
					close(done)
				}
			})
		}
		<-done
		return int(fired.Load())
	}},
}

var measurements = map[string]cookbook.Measurement{
	"stopped": left(func() { time.NewTimer(time.Minute).Stop() }),
	"dropped": left(func() { time.NewTimer(time.Minute) }),
	// It may still be fired, so it is not collected.
	"forgotten": left(func() { time.AfterFunc(time.Minute, func() {}) }),
}

func left(start func()) cookbook.Measurement {
	return func(count int) map[string]float64 {
		figures := cookbook.FootprintOfEach(count, func() {
			for range count {
				start()
			}
		}, func() bool { return true })
		left := max(figures["bytes"]*float64(count), 4096)
		figures["left"] = left
		figures["MiB in all"] = left / (1 << 20)
		figures["two MiB"] = 2 << 20
		return figures
	}
}
