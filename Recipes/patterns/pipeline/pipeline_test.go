package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
)

func forever(yield func(int, error) bool) {
	for i := 0; yield(i, nil); i++ {
	}
}

type work = func(context.Context, int) (int, error)

func same(_ context.Context, i int) (int, error) { return i, nil }

// slowly takes d, deaf to cancellation.
func slowly(d time.Duration) work {
	return func(_ context.Context, i int) (int, error) {
		time.Sleep(d)
		return i, nil
	}
}

// through runs numbers through two stages.
func through(
	source func(func(int, error) bool), buffer int, first, second work,
) func(context.Context, *errgroup.Group) <-chan int {
	return func(ctx context.Context, g *errgroup.Group) <-chan int {
		numbers := Gen(ctx, g, buffer, source)
		return Stage(ctx, g, 1, buffer,
			Stage(ctx, g, 1, buffer, numbers, first), second)
	}
}

func TestStagesOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var got []int
		for i, err := range Run(t.Context(), through(
			upTo(5), 0, slowly(time.Second), slowly(time.Second))) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, i)
		}
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if took := time.Since(begin); took != 6*time.Second {
			t.Errorf("took %v, want 6s", took)
		}
	})
}

func TestAnEarlyExitEndsEveryStage(t *testing.T) {
	for stop := 1; stop < 6; stop++ {
		for _, buffer := range []int{0, 1, 9} {
			t.Run(fmt.Sprintf("%d, buffer %d", stop, buffer),
				func(t *testing.T) {
					// synctest.Test fails when a goroutine is left.
					synctest.Test(t, func(t *testing.T) {
						received := 0
						for _, err := range Run(t.Context(),
							through(forever, buffer, same, same)) {
							if err != nil {
								t.Error(err)
							}
							if received++; received == stop {
								break
							}
						}
						if received != stop {
							t.Errorf("%d received", received)
						}
					})
				})
		}
	}
}

func TestASlowStageHoldsBackThoseBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const buffer = 2
		var ended atomic.Int32
		received := 0
		for _, err := range Run(t.Context(), through(upTo(30), buffer,
			func(_ context.Context, i int) (int, error) {
				ended.Add(1)
				return i, nil
			}, same)) {
			if err != nil {
				t.Error(err)
			}
			received++
			time.Sleep(time.Second)
			// Two buffers and two hands.
			if ahead := int(ended.Load()) - received; ahead > 2*buffer+2 {
				t.Errorf("%d ahead", ahead)
			}
		}
		if received != 30 {
			t.Errorf("%d received", received)
		}
	})
}

func TestAnErrorInTheMiddleEndsBothSidesAndComesOnce(t *testing.T) {
	for range 100 { // a select chooses at random
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			begin := time.Now()
			var got []int
			problems := 0
			for i, err := range Run(t.Context(), through(forever, 1,
				func(ctx context.Context, i int) (int, error) {
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
						return 0, ctx.Err()
					}
					if i == 2 {
						return 0, broken
					}
					return i, nil
				}, slowly(100*time.Millisecond))) {
				if err != nil {
					problems++
					if err != broken {
						t.Errorf("error %v, want %v", err, broken)
					}
					continue // the sequence ends by itself
				}
				got = append(got, i)
			}
			if want := []int{0, 1}; problems != 1 || !slices.Equal(got, want) {
				t.Errorf("got %v and %d errors", got, problems)
			}
			if took := time.Since(begin); took != 3*time.Second {
				t.Errorf("took %v, want 3s", took)
			}
		})
	}
}

func TestCancellationStartsNothingMore(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2500*time.Millisecond, cancel)
			var started atomic.Int32
			var problem error
			for _, err := range Run(ctx, through(forever, 5, same,
				func(context.Context, int) (int, error) {
					started.Add(1)
					time.Sleep(time.Second) // deaf to cancellation
					return 0, nil
				})) {
				problem = err
			}
			if problem != context.Canceled || started.Load() != 3 {
				t.Errorf("%v, %d started, want 3", problem, started.Load())
			}
		})
	}
}

func TestLinesOfFiles(t *testing.T) {
	directory := t.TempDir()
	var paths []string
	for name, text := range map[string]string{
		"1": "a\n\nb", "2": "", "3": "c\n", "4": "\n",
	} {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var got []string
	for line, err := range files(append(paths, "absent")) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		if line.Index != len(got) {
			t.Errorf("line %d comes as number %d", len(got), line.Index)
		}
		got = append(got, string(line.Bytes))
	}
	want := []string{
		"a", "", "b", "c", "",
		"cannot read absent: no such file or directory",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
