package examples

import (
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

var workloads = []cookbook.Workload{
	{Name: "stopped", Run: func(count int) (stopped int) {
		for range count {
			if time.AfterFunc(time.Minute, func() {}).Stop() {
				stopped++
			}
		}
		return stopped
	}},
	{Name: "fired", Run: func(count int) int {
		var fired sync.WaitGroup
		fired.Add(count)
		for n := range count {
			time.AfterFunc(cookbook.Milliseconds(1+n*7_919%50), fired.Done)
		}
		fired.Wait()
		return count
	}},
}
