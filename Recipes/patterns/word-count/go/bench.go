package examples

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"concurrencycookbook/internal/cookbook"
	wordcount "concurrencycookbook/patterns/word-count/go/wordcount"
)

// workloads are what is timed against Swift.
var workloads = []cookbook.Workload{
	{Name: "files", RunFrom: func(
		operations int, stopwatch *cookbook.Stopwatch,
	) int {
		directory := os.Getenv("COOKBOOK_BENCH_FOLDER")
		var files []string
		for index := range operations {
			files = append(files, benchFile(directory, index%64))
		}
		stopwatch.Restart()
		total, failures, err := wordcount.All(
			context.Background(), 4, files, wordcount.File)
		if err != nil || len(failures) > 0 {
			panic(fmt.Sprint(err, failures))
		}
		return total.Words + len(total.Each)
	}},
}

// benchFile returns the name of a file of 1 MiB, which the first call
// writes: words of 2 to 9 letters, whose frequencies fall off as those of
// a natural language do.
func benchFile(directory string, index int) string {
	name := filepath.Join(directory, strconv.Itoa(index)+".txt")
	if _, err := os.Stat(name); err == nil {
		return name
	}
	state := uint64(index)
	random := func(bound uint64) uint64 {
		state = state*6_364_136_223_846_793_005 + 1_442_695_040_888_963_407
		return state >> 33 % bound
	}
	text := make([]byte, 0, 1<<20)
	for len(text) < 1<<20-16 {
		rank := random(1 << random(17))
		letters := rank * 2_654_435_761
		for range 2 + letters>>7%8 {
			text = append(text, 'a'+byte(letters%26))
			letters = letters/26 ^ rank<<9
		}
		if random(12) == 0 {
			text = append(text, '\n')
		} else {
			text = append(text, ' ')
		}
	}
	// Both languages may write it: a half-written one must not be read.
	partial := name + ".go"
	if err := os.WriteFile(partial, text, 0o644); err != nil {
		panic(err)
	}
	if err := os.Rename(partial, name); err != nil {
		panic(err)
	}
	return name
}
