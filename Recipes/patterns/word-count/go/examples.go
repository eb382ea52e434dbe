// Package examples shows how words are counted.
package examples

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"concurrencycookbook/internal/cookbook"
	wordcount "concurrencycookbook/patterns/word-count/go/wordcount"
	"concurrencycookbook/patterns/word-count/texts"
)

// Room is what the recipe shows in Go.
var Room = cookbook.Room{
	Examples: map[string]cookbook.Example{
		"count":            cookbook.With(count),
		"plain":            cookbook.With(plain),
		"equivalent-words": cookbook.Plain(equivalentWords),
	},
	Wrong: map[string]cookbook.Example{
		"count/oneWorkerTooMany": cookbook.With(oneWorkerTooMany),
		"count/firstFailure":     cookbook.With(firstFailure),
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
	countFile, files, n := counter(stage), in.files(), in.Workers
	// #region count
	counts, failures, err := wordcount.All(ctx, n, files, countFile)
	// #endregion
	if err != nil {
		return err
	}
	slices.SortFunc(failures, func(a, b wordcount.Failure[file]) int {
		return cmp.Compare(a.File.name, b.File.name)
	})
	for _, failure := range failures {
		stage.Say("stderr", fmt.Sprintf("cannot read %s: %v",
			cookbook.Display(failure.File.name), cookbook.Reason(failure.Err)))
	}
	stage.Println(table(counts.Top(in.Top)) +
		fmt.Sprintf("\n\n%7d  files\n%7d  bytes\n%7d  words\n%7d  different words",
			len(files)-len(failures), counts.Bytes, counts.Words, len(counts.Each)))
	return nil
}

func plain(ctx context.Context, stage cookbook.Stage, in input) error {
	files := in.files()
	read := func(f file) string {
		var text []byte
		_ = f.keepOpen(ctx, stage, func() error {
			text = f.text
			return nil
		})
		return string(text)
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
	each := wordcount.Counts{Each: map[string]*int{}}
	for word, n := range counts {
		each.Each[word] = &n
	}
	stage.Println(table(each.Top(in.Top)))
	return nil
}

func equivalentWords(_ context.Context, fmt cookbook.Stage) error {
	// #region equivalentWords
	counts := map[string]int{}
	for _, word := range strings.Fields("caf\u00e9 cafe\u0301") {
		counts[word]++
	}
	fmt.Println(len(counts))
	// #endregion
	return nil
}

// table returns a line for each count.
func table(entries []wordcount.Entry) string {
	var lines []string
	for _, e := range entries {
		lines = append(lines,
			fmt.Sprintf("%7d  %s", e.Count, cookbook.Display(e.Word)))
	}
	return strings.Join(lines, "\n")
}

// A file is read for so long; one without a text is on disk.
type file struct {
	name  string
	text  []byte
	ms    int
	fails bool
}

func (f file) keepOpen(
	ctx context.Context, stage cookbook.Stage, body func() error,
) error {
	return stage.Busy(cookbook.Display(f.name), func() error {
		if err := stage.Sleep(ctx, f.ms); err != nil {
			return err
		}
		if f.fails {
			return syscall.EIO
		}
		return body()
	})
}

func counter(
	stage cookbook.Stage,
) func(context.Context, file) (wordcount.Counts, error) {
	return func(ctx context.Context, f file) (counts wordcount.Counts, err error) {
		err = f.keepOpen(ctx, stage, func() (err error) {
			if f.text == nil {
				counts, err = wordcount.File(ctx, f.name)
			} else {
				counts, err = wordcount.Words(ctx, bytes.NewReader(f.text))
			}
			return err
		})
		return counts, err
	}
}

// files returns the texts, then the files on disk; without any what is
// shipped.
func (in input) files() []file {
	var files []file
	for i, ms := range in.Reads {
		text := []byte{}
		if len(in.Texts) > 0 {
			text = []byte(in.Texts[i%len(in.Texts)])
		}
		files = append(files, file{
			fmt.Sprint("file ", i), text, ms, slices.Contains(in.Failing, i)})
	}
	for _, path := range in.Paths {
		files = append(files, onDisk(path)...)
	}
	if len(in.Reads) == 0 && len(in.Paths) == 0 {
		names, err := fs.Glob(texts.Files, "*.txt")
		cookbook.Must(err)
		for _, name := range names {
			text, err := texts.Files.ReadFile(name)
			cookbook.Must(err)
			files = append(files, file{name: name, text: text})
		}
	}
	return files
}

// onDisk returns the regular files in a folder and below. Links in it are
// not followed, so that a loop of them has an end. Whatever cannot be listed
// is a file itself: opening it says best why it cannot be read.
func onDisk(path string) []file {
	entries, err := os.ReadDir(path)
	if err != nil {
		return []file{{name: path}}
	}
	var files []file
	for _, entry := range entries {
		inner := strings.TrimSuffix(path, "/") + "/" + entry.Name()
		switch entry.Type() {
		case fs.ModeDir:
			files = append(files, onDisk(inner)...)
		case 0:
			files = append(files, file{name: inner})
		}
	}
	return files
}

func oneWorkerTooMany(ctx context.Context, stage cookbook.Stage, in input) error {
	in.Workers++
	return count(ctx, stage, in)
}

// firstFailure stops the other files.
func firstFailure(ctx context.Context, stage cookbook.Stage, in input) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	_, _, err := wordcount.All(ctx, in.Workers, in.files(),
		func(ctx context.Context, f file) (wordcount.Counts, error) {
			counts, err := counter(stage)(ctx, f)
			if err != nil {
				cancel()
			}
			return counts, err
		})
	return err
}

func lostFile(ctx context.Context, stage cookbook.Stage, in input) error {
	in.Reads = in.Reads[:max(0, len(in.Reads)-1)]
	return plain(ctx, stage, in)
}
