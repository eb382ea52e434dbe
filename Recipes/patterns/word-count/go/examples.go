// Package examples shows how words are counted.
package examples

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"concurrencycookbook/internal/cookbook"
	boundedpool "concurrencycookbook/patterns/bounded-pool/go/boundedpool"
	"concurrencycookbook/patterns/word-count/texts"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"count": cookbook.With(count),
		// Go has one form for both of Swift's.
		"fast":  cookbook.With(count),
		"plain": cookbook.With(plain),
	},
	Wrong: map[string]cookbook.Example{
		"count/oneWorkerTooMany": cookbook.With(count, func(in *input) { in.Workers++ }),
		"plain/lostFile": cookbook.With(plain, func(in *input) {
			in.Reads = in.Reads[:max(0, len(in.Reads)-1)]
		}),
	},
	Workloads: workloads,
}

type input struct {
	Paths, Texts   []string
	Workers, Top   int
	Reads, Failing []int
}

// A result is what counting one file came to. Pointers are for speed:
// counting a word that is known, the usual case, then allocates no string.
type result struct {
	file   file
	counts map[string]*int
	err    error
}

func count(ctx context.Context, stage cookbook.Stage, in input) error {
	counts, failures, err := countAll(ctx, stage, in.Workers, in.files())
	if err != nil {
		return err
	}
	for _, f := range failures {
		stage.Say("stderr",
			fmt.Sprintf("cannot read %s: %v", f.file.name, cookbook.Reason(f.err)))
	}
	stage.Println(report(counts, in))
	return nil
}

func countAll(
	ctx context.Context, stage cookbook.Stage, n int, files []file,
) (counts map[string]int, failures []result, err error) {
	counts = map[string]int{}
	count := func(ctx context.Context, f file) (result, error) {
		text, err := f.read(ctx, stage)
		if err != nil {
			return result{f, nil, err}, nil
		}
		words, err := countWords(ctx, bytes.NewReader(text))
		return result{f, words, err}, nil
	}
	add := func(r result) error {
		if r.err != nil {
			failures = append(failures, r)
		}
		for word, n := range r.counts {
			counts[word] += *n
		}
		return nil
	}
	// #region count
	err = boundedpool.Unordered(
		ctx, n, slices.Values(files), count, add)
	// #endregion
	return counts, failures, err
}

// countWords counts the words of a source in chunks.
func countWords(
	ctx context.Context, source io.Reader,
) (map[string]*int, error) {
	words := map[string]*int{}
	scanner := bufio.NewScanner(source)
	// Without this a word of 64 KiB is an error.
	scanner.Buffer(make([]byte, 64<<10), 1<<30)
	scanner.Split(bufio.ScanWords)
	for i := 0; scanner.Scan(); i++ {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if n, ok := words[string(scanner.Bytes())]; ok {
			*n++
		} else {
			one := 1
			words[scanner.Text()] = &one
		}
	}
	return words, scanner.Err()
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
	total := map[string]int{}
	for range files {
		for word, n := range <-results {
			total[word] += n
		}
	}
	// #endregion
	stage.Println(report(total, in))
	return nil
}

// report lists the most frequent words, and what all come to.
func report(counts map[string]int, in input) string {
	words, sum := slices.Collect(maps.Keys(counts)), 0
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var text strings.Builder
	for i, word := range words {
		sum += counts[word]
		if i < in.Top {
			fmt.Fprintf(&text, "%7d  %s\n", counts[word], cookbook.Display(word))
		}
	}
	fmt.Fprintf(&text, "\nwords: %d, different: %d", sum, len(words))
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
