package examples

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"concurrencycookbook/internal/cookbook"
)

var timed = filepath.Join(os.Getenv("COOKBOOK_BENCH_FOLDER"), "go.txt")

var workloads = []cookbook.Workload{{
	Name: "files",
	Prepare: func() {
		cookbook.Must(os.WriteFile(timed, cookbook.Text(1<<20), 0o644))
	},
	Run: func(operations int) int {
		files := slices.Repeat([]file{{name: timed}}, operations)
		counts, _, err := countAll(
			context.Background(), cookbook.Stage{}, 4, files)
		cookbook.Must(err)
		sum := len(counts)
		for _, n := range counts {
			sum += n
		}
		return sum
	},
}}
