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
