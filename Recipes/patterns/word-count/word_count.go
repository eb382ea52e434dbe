// Package wordcount counts the words of many files concurrently.
//
// Workers, a channel of sources and a channel of results are the bounded
// form of "Go Concurrency Patterns: Pipelines and cancellation" on the
// Go blog (https://go.dev/blog/pipelines), whose example also walks a
// directory. Splitting is bufio.ScanWords of the standard library.
package wordcount

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
)

// Counts are the totals of one source or of many.
type Counts struct {
	Bytes int
	Words int
	// Each is a map to pointers for speed: counting a word that is
	// known already, the usual case, then allocates no string.
	Each map[string]*int
}

// A Failure is a source that could not be counted.
type Failure[S any] struct {
	Source S
	Err    error
}

// All calls count for each source, at most workers at once, and returns
// the sum, how many sources are in it, and the sources that failed. The
// failures are in no particular order; they do not stop the others.
//
// When ctx is done, no further source is counted, and All returns ctx's
// error once every count has returned.
func All[S any](
	ctx context.Context,
	workers int,
	sources iter.Seq[S],
	count func(context.Context, S) (Counts, error),
) (total Counts, counted int, failures []Failure[S], err error) {
	if workers < 1 {
		panic("wordcount: workers must be at least 1")
	}
	type result struct {
		source S
		counts Counts
		err    error
	}
	jobs := make(chan S)
	results := make(chan result)

	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(jobs)
		for source := range sources {
			select {
			case jobs <- source:
			case <-ctx.Done():
				return
			}
		}
	})
	for range workers {
		wg.Go(func() {
			for source := range jobs {
				// When a worker and the cancellation are both ready,
				// the select above may still hand out a source.
				if ctx.Err() != nil {
					return
				}
				counts, err := count(ctx, source)
				results <- result{source, counts, err}
			}
		})
	}
	go func() {
		wg.Wait()
		close(results)
	}()

	// One collector merges: a map shared by the workers would need a
	// lock for every word.
	total.Each = make(map[string]*int)
	for r := range results {
		if r.err != nil {
			failures = append(failures, Failure[S]{r.source, r.err})
			continue
		}
		total.add(r.counts)
		counted++
	}
	return total, counted, failures, ctx.Err()
}

// add takes over the numbers of other, which must not be used again.
func (c *Counts) add(other Counts) {
	c.Bytes += other.Bytes
	c.Words += other.Words
	if len(c.Each) == 0 {
		c.Each = other.Each
		return
	}
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

// Words counts the words of one source, as bufio.ScanWords splits them,
// in memory that grows with its distinct words and its longest word.
// When ctx is done, it returns ctx's error instead of reading on.
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
			counts.Each[string(word)] = newInt(1)
		}
	}
	if err := scanner.Err(); err != nil {
		return Counts{}, err
	}
	counts.Bytes = input.bytes
	return counts, nil
}

func newInt(n int) *int { return &n }

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

// Files lists the files at path: path itself or, when it is a directory,
// the regular files in it and below, in byte order of names. A directory
// that cannot be listed comes with its error.
//
// A symbolic link is followed when it is path, and only then, so a loop
// of links has an end.
func Files(path string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			walk(path, yield)
			return
		}
		// Opening says best why something cannot be opened.
		yield(path, nil)
	}
}

func walk(directory string, yield func(string, error) bool) bool {
	entries, err := os.ReadDir(directory) // sorted by name
	if err != nil {
		return yield(directory, err)
	}
	for _, entry := range entries {
		name := strings.TrimRight(directory, "/") + "/" + entry.Name()
		switch entry.Type() {
		case fs.ModeDir:
			if !walk(name, yield) {
				return false
			}
		case 0: // a regular file
			if !yield(name, nil) {
				return false
			}
		}
	}
	return true
}

// An Entry is a word and how often it occurs.
type Entry struct {
	Word  string
	Count int
}

// Top returns the n most frequent words, the most frequent first, and
// words of the same count in byte order.
func (c Counts) Top(n int) []Entry {
	if n < 1 {
		return nil
	}
	// Most words are rare: what ranks below the n best so far is not
	// even kept, and sorting all the words would take much longer.
	var best []Entry
	var last Entry // ranks below every word as long as it is zero
	for word, count := range c.Each {
		entry := Entry{word, *count}
		if byRank(last, entry) < 0 {
			continue
		}
		best = append(best, entry)
		if len(best) == 2*n {
			slices.SortFunc(best, byRank)
			best = best[:n]
			last = best[n-1]
		}
	}
	slices.SortFunc(best, byRank)
	return best[:min(n, len(best))]
}

func byRank(a, b Entry) int {
	return cmp.Or(
		cmp.Compare(b.Count, a.Count), cmp.Compare(a.Word, b.Word))
}
