// Package wordcount counts the words of many files concurrently.
//
// Workers, a channel of files and a channel of results are the bounded form
// of "Go Concurrency Patterns: Pipelines and cancellation" on the Go blog
// (https://go.dev/blog/pipelines).
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

// Counts says how often each word occurs. Pointers are for speed: counting
// a word that is known, the usual case, then allocates no string.
type Counts map[string]*int

// A Failure is a file that could not be counted.
type Failure[F any] struct {
	File F
	Err  error
}

// All calls count for each file, at most workers at once. It returns the
// sum, and the files that failed, in no particular order.
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
	total := Counts{}
	var failures []Failure[F]
	for r := range results {
		if r.err != nil {
			failures = append(failures, Failure[F]{r.file, r.err})
		}
		for word, n := range r.counts {
			total.add(word, *n)
		}
	}
	return total, failures, ctx.Err()
}

func (c Counts) add(word string, n int) {
	if sum, ok := c[word]; ok {
		*sum += n
	} else {
		c[word] = &n
	}
}

// longestWord bounds the memory that input without a space can take.
const longestWord = 1 << 30

// Words counts the words of a source. When ctx is done, it returns ctx's
// error instead of reading on.
func Words(ctx context.Context, source io.Reader) (Counts, error) {
	counts := Counts{}
	scanner := bufio.NewScanner(reader{ctx, source})
	// Without this a word of 64 KiB is an error. The scanner needs one
	// byte more than the word to see that it has ended.
	scanner.Buffer(make([]byte, 64<<10), longestWord+1)
	scanner.Split(bufio.ScanWords)
	for scanner.Scan() {
		if n, ok := counts[string(scanner.Bytes())]; ok {
			*n++
		} else {
			counts.add(scanner.Text(), 1)
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, err
	}
	return counts, nil
}

// A reader stops when its context is done.
type reader struct {
	ctx    context.Context
	source io.Reader
}

func (r reader) Read(buffer []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.source.Read(buffer)
}

// File counts the words of the named file.
func File(ctx context.Context, name string) (Counts, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return Words(ctx, file)
}

// Words is the number of words, each occurrence counted.
func (c Counts) Words() int {
	words := 0
	for _, n := range c {
		words += *n
	}
	return words
}

// An Entry is a word and how often it occurs.
type Entry struct {
	Word  string
	Count int
}

// Top returns the n most frequent words, the most frequent first, and words
// of the same count in byte order.
func (c Counts) Top(n int) []Entry {
	var entries []Entry
	for word, count := range c {
		entries = append(entries, Entry{word, *count})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
	})
	return entries[:min(n, len(entries))]
}
