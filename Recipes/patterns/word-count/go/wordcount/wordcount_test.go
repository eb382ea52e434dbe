package wordcount

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
)

func TestVeryLongWord(t *testing.T) {
	long := strings.Repeat("é", 1<<20)
	got, err := Words(t.Context(), strings.NewReader("a "+long+" a"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Words() != 3 || got[long] == nil {
		t.Errorf("%d words", got.Words())
	}
}

func TestNothingIsOpenedAfterCancellationOfIdleWorkers(t *testing.T) {
	// Many times: handing out a file and seeing the cancellation are both
	// possible here, and a select chooses at random.
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, _, err := All(ctx, 4, make([]int, 100),
				func(context.Context, int) (Counts, error) {
					t.Error("a file was opened")
					return nil, nil
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
