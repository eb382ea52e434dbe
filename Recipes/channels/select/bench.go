package selecting

import (
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift. They use the statement, which
// is faster than reflect.Select.
var Workloads = []cookbook.Workload{
	{Name: "six-senders", Run: sixSenders},
	// The statement lists its cases each time.
	{Name: "six-senders-listed", Run: sixSenders},
	{Name: "ready-or-default", Run: func(operations int) int {
		ch, never := make(chan int, 1), make(chan int)
		sum := 0
		for element := range operations {
			if element&1 == 0 {
				ch <- 1
			}
			select {
			case value := <-ch:
				sum += value & 1
			case <-never:
				sum += 2
			default:
				sum += 3
			}
		}
		return sum
	}},
}

func sixSenders(operations int) int {
	var chans [6]chan int
	done := make(chan int)
	var wg sync.WaitGroup
	for i := range chans {
		chans[i] = make(chan int)
		wg.Go(func() {
			for element := range operations / 6 {
				chans[i] <- element & 7
			}
		})
	}
	sum := 0
	for range operations / 6 * 6 {
		select {
		case element := <-chans[0]:
			sum += element
		case element := <-chans[1]:
			sum += element
		case element := <-chans[2]:
			sum += element
		case element := <-chans[3]:
			sum += element
		case element := <-chans[4]:
			sum += element
		case element := <-chans[5]:
			sum += element
		case <-done:
		}
	}
	wg.Wait()
	return sum
}
