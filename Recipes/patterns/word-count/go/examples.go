// Package examples shows how words are counted.
package examples

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"concurrencycookbook/internal/cookbook"
	wordcount "concurrencycookbook/patterns/word-count/go/wordcount"
	"concurrencycookbook/patterns/word-count/texts"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"count": cookbook.With(count),
		"plain": cookbook.With(plain),
	},
	Wrong: map[string]cookbook.Example{
		"count/oneWorkerTooMany": cookbook.With(oneWorkerTooMany),
		"plain/lostFile":         cookbook.With(lostFile),
	},
	Workloads: workloads,
}

type input struct {
	Paths   []string `json:"paths"`
	Workers int      `json:"workers"`
	Top     int      `json:"top"`
	Reads   []int    `json:"reads"`
	Texts   []string `json:"texts"`
	Failing []int    `json:"failing"`
}

func count(ctx context.Context, stage cookbook.Stage, in input) error {
	files, n := in.files(), in.Workers
	countFile := func(ctx context.Context, f file) (wordcount.Counts, error) {
		text, err := f.read(ctx, stage)
		if err != nil {
			return nil, err
		}
		return wordcount.Words(ctx, bytes.NewReader(text))
	}
	// #region count
	counts, failures, err := wordcount.All(ctx, n, files, countFile)
	// #endregion
	if err != nil {
		return err
	}
	for _, failure := range failures {
		stage.Say("stderr", fmt.Sprintf("cannot read %s: %v",
			failure.File.name, cookbook.Reason(failure.Err)))
	}
	stage.Println(report(counts, in))
	return nil
}

func plain(ctx context.Context, stage cookbook.Stage, in input) error {
	files := in.files()
	read := func(f file) string {
		if text, err := f.read(ctx, stage); err == nil {
			return string(text)
		}
		return ""
	}
	// #region plain
	results := make(chan map[string]int)
	for _, file := range files {
		go func() {
			counts := map[string]int{}
			for _, word := range strings.Fields(read(file)) {
				counts[word]++
			}
			results <- counts
		}()
	}
	counts := map[string]int{}
	for range files {
		for word, n := range <-results {
			counts[word] += n
		}
	}
	// #endregion
	total := wordcount.Counts{}
	for word, n := range counts {
		total[word] = &n
	}
	stage.Println(report(total, in))
	return nil
}

// report lists the most frequent words, and what all come to.
func report(counts wordcount.Counts, in input) string {
	var text strings.Builder
	for _, e := range counts.Top(in.Top) {
		fmt.Fprintf(&text, "%7d  %s\n", e.Count, cookbook.Display(e.Word))
	}
	fmt.Fprintf(&text, "\nwords: %d, different: %d",
		counts.Words(), len(counts))
	return text.String()
}

// A file is a text that takes its time to be read or, without one, on disk.
type file struct {
	name  string
	text  []byte
	ms    int
	fails bool
}

func (f file) read(ctx context.Context, stage cookbook.Stage) ([]byte, error) {
	if f.text == nil {
		return os.ReadFile(f.name)
	}
	return f.text, stage.Work(ctx, f.name, f.ms, f.fails)
}

// files returns the texts, then the files on disk; without any what is
// shipped.
func (in input) files() []file {
	var files []file
	for i, ms := range in.Reads {
		text := []byte{}
		if i < len(in.Texts) {
			text = []byte(in.Texts[i])
		}
		files = append(files, file{
			fmt.Sprint("file ", i), text, ms, slices.Contains(in.Failing, i)})
	}
	for _, path := range in.Paths {
		files = append(files, file{name: path})
	}
	if len(in.Paths)+len(in.Reads)+len(in.Texts) > 0 {
		return files
	}
	names, err := fs.Glob(texts.Files, "*.txt")
	cookbook.Must(err)
	for _, name := range names {
		text, err := texts.Files.ReadFile(name)
		cookbook.Must(err)
		files = append(files, file{name: name, text: text})
	}
	return files
}

func oneWorkerTooMany(ctx context.Context, stage cookbook.Stage, in input) error {
	in.Workers++
	return count(ctx, stage, in)
}

func lostFile(ctx context.Context, stage cookbook.Stage, in input) error {
	in.Reads = in.Reads[:max(0, len(in.Reads)-1)]
	return plain(ctx, stage, in)
}
