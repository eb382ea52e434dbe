package wordcount

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

func flat(counts Counts) map[string]int {
	each := make(map[string]int)
	for word, n := range counts.Each {
		each[word] = *n
	}
	return each
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string // each as often as it occurs
	}{
		{"empty", "", nil},
		{"blank", " \t\r\n\v\f", nil},
		{"one word, no line feed", "word", []string{"word"}},
		{"repeated", "a b  a\n", []string{"a", "b", "a"}},
		{"no-break space", "10\u00a0km", []string{"10", "km"}},
		{"next line", "a\u0085b", []string{"a", "b"}},
		{"ideographic space", "雨\u3000雨", []string{"雨", "雨"}},
		{"zero width space", "a\u200bb", []string{"a\u200bb"}},
		{"control characters", "a\x1cb\x00c", []string{"a\x1cb\x00c"}},
		{"not UTF-8", "\xff \xfe\xff", []string{"\xff", "\xfe\xff"}},
		{"lone byte of a space", "a\x85b\xa0c", []string{"a\x85b\xa0c"}},
		{"cut at the end", "a \xe3\x80", []string{"a", "\xe3\x80"}},
		{"cut inside", "\xe3\x80 x", []string{"\xe3\x80", "x"}},
		{"overlong space", "a\xc0\xa0b", []string{"a\xc0\xa0b"}},
		{"composed or not", "é e\u0301", []string{"é", "e\u0301"}},
	} {
		want := make(map[string]int)
		for _, word := range test.want {
			want[word]++
		}
		readers := map[string]io.Reader{
			"whole":           strings.NewReader(test.text),
			"byte by byte":    iotest.OneByteReader(strings.NewReader(test.text)),
			"end with data":   iotest.DataErrReader(strings.NewReader(test.text)),
			"half at a time":  iotest.HalfReader(strings.NewReader(test.text)),
			"behind a border": nil,
		}
		for how, reader := range readers {
			t.Run(test.name+", "+how, func(t *testing.T) {
				length := len(test.text)
				if reader == nil {
					// Pushes the text across the end of the buffer.
					spaces := 64<<10 - length/2
					length += spaces
					reader = strings.NewReader(
						strings.Repeat(" ", spaces) + test.text)
				}
				got, err := Words(t.Context(), reader)
				if err != nil {
					t.Fatal(err)
				}
				if got.Words != len(test.want) || got.Bytes != length {
					t.Errorf("%d words in %d bytes, want %d in %d",
						got.Words, got.Bytes, len(test.want), length)
				}
				each := flat(got)
				if len(each) != len(want) {
					t.Errorf("got %q, want %q", each, want)
				}
				for word, n := range want {
					if each[word] != n {
						t.Errorf("got %q, want %q", each, want)
					}
				}
			})
		}
	}
}

func TestVeryLongWord(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	got, err := Words(t.Context(), strings.NewReader("a "+long+" a"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Words != 3 || got.Each[long] == nil {
		t.Errorf("%d words", got.Words)
	}
}

func TestTop(t *testing.T) {
	counts, err := Words(t.Context(),
		strings.NewReader("b a c a \xff B b é"))
	if err != nil {
		t.Fatal(err)
	}
	all := []Entry{
		{"a", 2}, {"b", 2}, {"B", 1}, {"c", 1}, {"é", 1}, {"\xff", 1},
	}
	for _, n := range []int{0, 1, 2, 6, 7} {
		want := all[:min(n, len(all))]
		if got := counts.Top(n); !slices.Equal(got, want) {
			t.Errorf("top %d: got %q, want %q", n, got, want)
		}
	}
}

func TestTopOfManyIsTheBeginningOfAll(t *testing.T) {
	counts := Counts{Each: make(map[string]*int)}
	for i := range 2000 {
		counts.Each[fmt.Sprint(i)] = newInt(1 + i*i%17)
	}
	all := counts.Top(len(counts.Each))
	if len(all) != 2000 || !slices.IsSortedFunc(all, byRank) {
		t.Fatalf("%d words, or not in order", len(all))
	}
	for n := range 100 {
		if got := counts.Top(n); !slices.Equal(got, all[:n]) {
			t.Errorf("top %d: got %q, want %q", n, got, all[:n])
		}
	}
}

func TestAllBoundsMergesAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		broken := errors.New("broken")
		var open, most atomic.Int32
		texts := []string{"a b", "!", "b c", "", "c c"}
		total, counted, failures, err := All(
			t.Context(), 2, slices.Values(texts),
			func(ctx context.Context, text string) (Counts, error) {
				n := open.Add(1)
				defer open.Add(-1)
				for m := most.Load(); n > m; m = most.Load() {
					most.CompareAndSwap(m, n)
				}
				time.Sleep(time.Second)
				if text == "!" {
					return Counts{Words: 99}, broken
				}
				return Words(ctx, strings.NewReader(text))
			})
		if err != nil {
			t.Fatal(err)
		}
		if total.Words != 6 || total.Bytes != 9 || counted != 4 {
			t.Errorf("%d words, %d bytes, %d sources",
				total.Words, total.Bytes, counted)
		}
		each := flat(total)
		if each["a"] != 1 || each["b"] != 2 || each["c"] != 3 {
			t.Errorf("got %v", each)
		}
		if len(failures) != 1 || failures[0] != (Failure[string]{"!", broken}) {
			t.Errorf("failures %v", failures)
		}
		if most.Load() != 2 {
			t.Errorf("%d at once, want 2", most.Load())
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

func TestAllStopsWhenCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		forever := func(yield func(int) bool) {
			for i := 0; yield(i); i++ {
			}
		}
		var opened, closed atomic.Int32
		_, _, _, err := All(ctx, 3, forever,
			func(context.Context, int) (Counts, error) {
				opened.Add(1)
				defer closed.Add(1)
				time.Sleep(time.Second) // deaf to cancellation
				return Counts{}, nil
			})
		if err != context.DeadlineExceeded {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		if opened.Load() != 6 || closed.Load() != 6 {
			t.Errorf("%d opened and %d closed, want 6 and 6",
				opened.Load(), closed.Load())
		}
	})
}

func TestNothingIsOpenedAfterCancellationOfIdleWorkers(t *testing.T) {
	// Many times: handing out a source and seeing the cancellation are
	// both possible here, and a select chooses at random.
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			sources := func(yield func(int) bool) {
				synctest.Wait() // until the workers wait for sources
				cancel()
				for yield(0) {
				}
			}
			_, _, _, err := All(ctx, 4, sources,
				func(context.Context, int) (Counts, error) {
					t.Error("a source was opened")
					return Counts{}, nil
				})
			if err != context.Canceled {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestWordsStopsReadingWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	endless := readerFunc(func(buffer []byte) (int, error) {
		if reads++; reads == 3 {
			cancel()
		}
		return copy(buffer, "word "), nil
	})
	_, err := Words(ctx, endless)
	if err != context.Canceled || reads != 3 {
		t.Errorf("error %v after %d reads", err, reads)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(buffer []byte) (int, error) { return f(buffer) }

func TestFiles(t *testing.T) {
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(root, name) }
	must(os.MkdirAll(at("d/b"), 0o755))
	must(os.MkdirAll(at("d/empty"), 0o755))
	for _, name := range []string{"d/a", "d/B", "d/b/x", "d/b.c", "d/é"} {
		must(os.WriteFile(at(name), nil, 0o644))
	}
	must(os.Symlink(".", at("d/loop")))
	must(os.Symlink("a", at("d/alias")))
	must(os.Symlink("d", at("link")))
	must(syscall.Mkfifo(at("d/fifo"), 0o644))

	below := []string{"B", "a", "b/x", "b.c", "é"}
	for _, test := range []struct {
		path, prefix string
		want         []string
	}{
		{"d", "d/", below},
		{"d/", "d/", below},
		{"d//", "d/", below},
		{"./d/.", "./d/./", below},
		{"link", "link/", below},
		{"d/a", "", []string{"d/a"}},
		{"d/alias", "", []string{"d/alias"}},
		{"d/fifo", "", []string{"d/fifo"}},
		{"d/empty", "", nil},
		{"absent", "", []string{"absent"}},
	} {
		var got, want []string
		for name, err := range Files(root + "/" + test.path) {
			must(err)
			got = append(got, name)
		}
		for _, name := range test.want {
			want = append(want, root+"/"+test.prefix+name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", test.path, got, want)
		}
	}
	for range Files(root) {
		break // a walk that is left early must not go on
	}
}

func TestFilesNamesTheDirectoryThatCannotBeListed(t *testing.T) {
	// Names that add up to more than a path may have.
	root := t.TempDir()
	t.Chdir(root)
	long := strings.Repeat("d", 200)
	for range 25 {
		if err := os.Mkdir(long, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chdir(long); err != nil {
			t.Fatal(err)
		}
	}
	var failures int
	for name, err := range Files(root) {
		if err == nil {
			t.Errorf("unexpected file %q", name)
		} else if !errors.Is(err, syscall.ENAMETOOLONG) {
			t.Error(err)
		}
		failures++
	}
	if failures != 1 {
		t.Errorf("%d failures, want 1", failures)
	}
}

func BenchmarkWords(b *testing.B) {
	var text bytes.Buffer
	for range 1000 {
		for _, name := range []string{"tide.txt", "fluss.txt"} {
			part, err := texts.ReadFile("texts/" + name)
			if err != nil {
				b.Fatal(err)
			}
			text.Write(part)
		}
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		_, err := Words(b.Context(), bytes.NewReader(text.Bytes()))
		if err != nil {
			b.Fatal(err)
		}
	}
}
