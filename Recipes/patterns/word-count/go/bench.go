package examples

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"concurrencycookbook/internal/cookbook"
)

var workloads = []cookbook.Workload{
	{Name: "files", RunFrom: countFiles},
	{Name: "files-fast", RunFrom: countFiles},
}

func countFiles(operations int, stopwatch *cookbook.Stopwatch) int {
	name := filepath.Join(os.Getenv("COOKBOOK_BENCH_FOLDER"), "go.txt")
	cookbook.Must(os.WriteFile(name, cookbook.Text(1<<20), 0o644))
	files := slices.Repeat([]file{{name: name}}, operations)
	stopwatch.Restart()
	counts, _, err := countAll(
		context.Background(), cookbook.Stage{}, 4, files)
	cookbook.Must(err)
	sum := len(counts)
	for _, n := range counts {
		sum += n
	}
	return sum
}
