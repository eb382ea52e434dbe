package examples

import (
	"context"
	"testing"
)

type endless func()

func (e endless) Read(buffer []byte) (int, error) {
	e()
	return copy(buffer, "word "), nil
}

func TestCountingStopsReadingWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reads := 0
	_, err := countWords(ctx, endless(func() {
		if reads++; reads == 2 {
			cancel()
		}
	}))
	if err != context.Canceled || reads > 2048 {
		t.Errorf("error %v after %d reads", err, reads)
	}
}
