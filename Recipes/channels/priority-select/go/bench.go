package examples

import (
	"context"

	priorityselect "concurrencycookbook/channels/priority-select/go/priorityselect"
	"concurrencycookbook/internal/cookbook"
)

// Go's statement lists its cases each time.
var workloads = []cookbook.Workload{
	{Name: "strict-listed", Run: strictly},
	{Name: "strict", Run: strictly},
	{Name: "weighted", Run: func(operations int) int {
		high, low := full(operations)
		weighted := priorityselect.Weighted[int]{High: high, Low: low, Ratio: 3}
		return sum(operations, func() (int, error) {
			value, _, err := weighted.Next(context.Background())
			return value, err
		})
	}},
}

func strictly(operations int) int {
	high, low := full(operations)
	ctx := context.Background()
	return sum(operations, func() (int, error) {
		value, _, _, err := priorityselect.Receive(ctx, high, low)
		return value, err
	})
}

func full(count int) (high, low chan int) {
	high, low = make(chan int, count), make(chan int, count)
	for element := range count / 2 {
		high <- element & 7
		low <- element & 3
	}
	return high, low
}

// sum depends on the order of the values.
func sum(count int, next func() (int, error)) int {
	sum := 0
	for position := range count / 2 * 2 {
		value, err := next()
		cookbook.Must(err)
		sum += value * (position&1 + 1)
	}
	return sum
}
