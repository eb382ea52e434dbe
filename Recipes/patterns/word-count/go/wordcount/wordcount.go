// Package wordcount counts the words of many files concurrently.
//
// Workers, a channel of files and a channel of results are the bounded form
// of "Go Concurrency Patterns: Pipelines and cancellation" on the Go blog
// (https://go.dev/blog/pipelines). Splitting is bufio.ScanWords of the
// standard library.
package wordcount

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"os"
	"slices"
	"sync"
)

// Counts are those of one file or of many.
type Counts struct {
	Bytes int
	Words int
	// Each is a map to pointers for speed: counting a word that is known
	// already, the usual case, then allocates no string.
	Each map[string]*int
}

// A Failure is a file that could not be counted.
type Failure[F any] struct {
	File F
	Err  error
}

// All calls count for each file, at most workers at once, and returns the
// sum and the files that failed, in no particular order. These do not stop
// the others.
//
// When ctx is done, no further file is counted, and All returns ctx's error
// once every count has returned.
func All[F any](
	ctx context.Context,
	workers int,
	files []F,
	count func(context.Context, F) (Counts, error),
) (Counts, []Failure[F], error) {
	type result struct {
		file   F
		counts Counts
		err    error
	}
	jobs := make(chan F)
	results := make(chan result)

	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(jobs)
		for _, file := range files {
			select {
			case jobs <- file:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		wg.Go(func() {
			for file := range jobs {
				// When a worker and the cancellation are both ready,
				// the select above may still hand out a file.
				if ctx.Err() != nil {
					return
				}
				counts, err := count(ctx, file)
				results <- result{file, counts, err}
			}
		})
	}
	go func() {
		wg.Wait()
		close(results)
	}()

	// One collector merges: a map shared by the workers would need a lock
	// for each word.
	total := Counts{Each: make(map[string]*int)}
	var failures []Failure[F]
	for r := range results {
		if r.err != nil {
			failures = append(failures, Failure[F]{r.file, r.err})
		} else {
			total.merge(r.counts)
		}
	}
	return total, failures, ctx.Err()
}

// merge takes over the numbers of other, which must not be used again.
func (c *Counts) merge(other Counts) {
	c.Bytes += other.Bytes
	c.Words += other.Words
	for word, n := range other.Each {
		if sum, ok := c.Each[word]; ok {
			*sum += *n
		} else {
			c.Each[word] = n
		}
	}
}

// longestWord bounds the memory that input without a space can take.
const longestWord = 1 << 30

// Words counts the words of one source in memory that grows with its
// different words and its longest one. When ctx is done, it returns ctx's
// error instead of reading on.
func Words(ctx context.Context, source io.Reader) (Counts, error) {
	counts := Counts{Each: make(map[string]*int)}
	input := &meter{ctx: ctx, source: source}
	scanner := bufio.NewScanner(input)
	// Without this a word of 64 KiB is an error. The scanner needs one
	// byte more than the word to see that it has ended.
	scanner.Buffer(make([]byte, 64<<10), longestWord+1)
	scanner.Split(bufio.ScanWords)
	for scanner.Scan() {
		word := scanner.Bytes()
		counts.Words++
		if n, ok := counts.Each[string(word)]; ok {
			*n++
		} else {
			one := 1
			counts.Each[string(word)] = &one
		}
	}
	counts.Bytes = input.bytes
	return counts, scanner.Err()
}

// meter counts the bytes that pass through it.
type meter struct {
	ctx    context.Context
	source io.Reader
	bytes  int
}

func (m *meter) Read(buffer []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.source.Read(buffer)
	m.bytes += n
	return n, err
}

// File counts the words of the named file.
func File(ctx context.Context, name string) (Counts, error) {
	if err := ctx.Err(); err != nil {
		return Counts{}, err
	}
	file, err := os.Open(name)
	if err != nil {
		return Counts{}, err
	}
	defer file.Close()
	return Words(ctx, file)
}

// An Entry is a word and how often it occurs.
type Entry struct {
	Word  string
	Count int
}

// Top returns the n most frequent words, the most frequent first, and words
// of the same count in byte order.
func (c Counts) Top(n int) []Entry {
	entries := make([]Entry, 0, len(c.Each))
	for word, count := range c.Each {
		entries = append(entries, Entry{word, *count})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	return entries[:min(n, len(entries))]
}
