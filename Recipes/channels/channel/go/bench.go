package examples

import (
	"sync"

	"concurrencycookbook/internal/cookbook"
)

func workloads() (all []cookbook.Workload) {
	for _, shape := range []struct {
		name               string
		senders, receivers int
	}{
		{"one-to-one", 1, 1}, {"many-to-one", 5, 1}, {"one-to-many", 1, 5},
		{"many-to-many", 5, 5}, {"write-contention", 1_000, 1},
	} {
		for name, capacity := range map[string]int{"": 0, "-buffered": 100} {
			all = append(all, cookbook.Workload{
				Name: shape.name + name,
				Run: func(count int) int {
					return pass(count, shape.senders, shape.receivers, capacity)
				},
			})
		}
	}
	return all
}

func pass(count, senders, receivers, capacity int) (sum int) {
	ch, sums := make(chan int, capacity), make(chan int)
	var sending sync.WaitGroup
	for sender := range senders {
		sending.Go(func() {
			for element := sender; element < count; element += senders {
				ch <- element & 7
			}
		})
	}
	for range receivers {
		go func() {
			sum := 0
			for element := range ch {
				sum += element
			}
			sums <- sum
		}()
	}
	sending.Wait()
	close(ch)
	for range receivers {
		sum += <-sums
	}
	return sum
}
