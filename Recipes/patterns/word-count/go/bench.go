package examples

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"concurrencycookbook/internal/cookbook"
)

var workloads = []cookbook.Workload{
	{Name: "files", Prepare: writeFile, Run: countFiles},
	{Name: "files-fast", Prepare: writeFile, Run: countFiles},
}

func writeFile() {
	cookbook.Must(os.WriteFile(timed, cookbook.Text(1<<20), 0o644))
}

func countFiles(operations int) int {
	files := slices.Repeat([]file{{name: timed}}, operations)
	counts, _, err := countAll(
		context.Background(), cookbook.Stage{}, 4, files)
	cookbook.Must(err)
	sum := len(counts)
	for _, n := range counts {
		sum += n
	}
	return sum
}

var timed = filepath.Join(os.Getenv("COOKBOOK_BENCH_FOLDER"), "go.txt")
