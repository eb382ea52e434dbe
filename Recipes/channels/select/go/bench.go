package examples

import (
	"sync"

	"concurrencycookbook/internal/cookbook"
)

// The statement lists its cases each time.
var workloads = []cookbook.Workload{
	{Name: "six-senders", Run: sixSenders},
	{Name: "six-senders-listed", Run: sixSenders},
}

func sixSenders(operations int) int {
	var chans [6]chan int
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
		}
	}
	wg.Wait()
	return sum
}
