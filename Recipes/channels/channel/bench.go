package channel

import (
	"sync"
	"sync/atomic"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = append(passes(),
	cookbook.Workload{Name: "request-reply", Run: func(operations int) int {
		requests, replies := make(chan int), make(chan int)
		go func() {
			for request := range requests {
				replies <- request & 7
			}
		}()
		sum := 0
		for request := range operations {
			requests <- request
			sum += <-replies
		}
		close(requests)
		return sum
	}},
	cookbook.Workload{Name: "send-then-receive", Run: func(operations int) int {
		ch := make(chan int, 1)
		sum := 0
		for element := range operations {
			ch <- element & 7
			sum += <-ch
		}
		return sum
	}},
)

func passes() []cookbook.Workload {
	var workloads []cookbook.Workload
	for _, shape := range []struct {
		name               string
		senders, receivers int
	}{
		{"one-to-one", 1, 1}, {"many-to-one", 5, 1}, {"one-to-many", 1, 5},
		{"many-to-many", 5, 5}, {"write-contention", 1_000, 1},
	} {
		for _, capacity := range []int{0, 100} {
			name := shape.name
			if capacity > 0 {
				name += "-buffered"
			}
			workloads = append(workloads, cookbook.Workload{
				Name: name,
				Run: func(operations int) int {
					return pass(operations, shape.senders,
						shape.receivers, capacity)
				},
			})
		}
	}
	return workloads
}

func pass(count, senders, receivers, capacity int) int {
	ch := make(chan int, capacity)
	var sending, receiving sync.WaitGroup
	var total atomic.Int64
	for sender := range senders {
		sending.Go(func() {
			for element := sender; element < count; element += senders {
				ch <- element & 7
			}
		})
	}
	for range receivers {
		receiving.Go(func() {
			sum := 0
			for element := range ch {
				sum += element
			}
			total.Add(int64(sum))
		})
	}
	sending.Wait()
	close(ch)
	receiving.Wait()
	return int(total.Load())
}
