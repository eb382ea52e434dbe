package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "timeouts", Run: func(operations int) int {
		sum := 0
		for operation := range operations {
			_, cancel := context.WithTimeout(context.Background(), time.Hour)
			sum += operation & 7
			cancel()
		}
		return sum
	}},
}
