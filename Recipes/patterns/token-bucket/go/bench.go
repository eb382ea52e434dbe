package examples

import (
	"context"
	"time"

	"concurrencycookbook/internal/cookbook"
	rate "concurrencycookbook/patterns/token-bucket/go/tokenbucket"
)

var workloads = []cookbook.Workload{
	{Name: "free-tokens", Run: func(operations int) int {
		quota := rate.NewLimiter(rate.Every(time.Nanosecond), 1_000)
		sum := 0
		for item := range operations {
			cookbook.Must(quota.Wait(context.Background()))
			sum += item & 7
		}
		return sum
	}},
}
