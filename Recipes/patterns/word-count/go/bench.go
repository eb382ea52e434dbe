package examples

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"concurrencycookbook/internal/cookbook"
	wordcount "concurrencycookbook/patterns/word-count/go/wordcount"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "files", RunFrom: func(
		operations int, stopwatch *cookbook.Stopwatch,
	) int {
		files := slices.Repeat([]string{benchFile()}, operations)
		stopwatch.Restart()
		counts, failures, err := wordcount.All(
			context.Background(), 4, files, wordcount.File)
		if err != nil || len(failures) > 0 {
			panic(fmt.Sprint(err, failures))
		}
		return counts.Words() + len(counts)
	}},
}

// benchFile returns the name of a file of 1 MiB, which it writes: words
// whose frequencies fall off as those of a natural language do.
func benchFile() string {
	name := filepath.Join(os.Getenv("COOKBOOK_BENCH_FOLDER"), "go.txt")
	state := uint64(1)
	random := func(bound uint64) uint64 {
		state = state*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
		return state >> 33 % bound
	}
	var text []byte
	for len(text) < 1<<20 {
		rank := random(1 << random(17))
		text = append(strconv.AppendUint(text, rank*48_271, 36), ' ')
	}
	cookbook.Must(os.WriteFile(name, text, 0o644))
	return name
}
