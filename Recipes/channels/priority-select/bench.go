package priorityselect

import (
	"context"

	"concurrencycookbook/internal/cookbook"
)

// Workloads are what is timed against Swift.
var Workloads = []cookbook.Workload{
	{Name: "strict", Run: func(operations int) int {
		high, low := full(operations)
		ctx := context.Background()
		sum := 0
		for position := 1; position <= operations/2*2; position++ {
			value, _, _, err := Receive(ctx, high, low)
			if err != nil {
				panic(err)
			}
			sum += value * (position&1 + 1)
		}
		return sum
	}},
	{Name: "weighted", Run: func(operations int) int {
		high, low := full(operations)
		close(high)
		close(low)
		weighted := Weighted[int]{High: high, Low: low, Ratio: 3}
		sum := 0
		for position := 1; ; position++ {
			value, ok, err := weighted.Next(context.Background())
			if err != nil {
				panic(err)
			}
			if !ok {
				return sum
			}
			sum += value * (position&1 + 1)
		}
	}},
}

func full(count int) (high, low chan int) {
	high, low = make(chan int, count), make(chan int, count)
	for element := range count / 2 {
		high <- element & 7
		low <- element & 3
	}
	return high, low
}
