package mutants

import (
	"context"
	"slices"
	"sync"

	"concurrencycookbook/patterns/semaphore"
)

// Semaphore holds the wrong semaphores by the name of their mistake.
var Semaphore = map[string]semaphore.Forms{
	"onePermitTooMany":    everyForm(onePermitTooMany),
	"deafToCancellation":  everyForm(deafToCancellation),
	"givesBackTooMuch":    everyForm(givesBackTooMuch),
	"smallOnesOvertake":   everyForm(handmade(firstThatFits)),
	"lastComeFirstServed": everyForm(handmade(lastCome)),
}

func everyForm(make func(n int) semaphore.Semaphore) semaphore.Forms {
	return semaphore.Forms{"channel": make, "weighted": make}
}

func onePermitTooMany(n int) semaphore.Semaphore {
	return semaphore.NewWeighted(n + 1)
}

// deafToCancellation waits without looking at its context, as a plain
// send to a channel does.
func deafToCancellation(n int) semaphore.Semaphore {
	return deafSemaphore{semaphore.NewWeighted(n)}
}

type deafSemaphore struct{ semaphore.Semaphore }

func (d deafSemaphore) Acquire(ctx context.Context, n int64) error {
	return d.Semaphore.Acquire(context.WithoutCancel(ctx), n)
}

// An order says which of several waiters is the next.
type order int

const (
	firstCome order = iota
	lastCome
	firstThatFits
)

// handmade makes a semaphore that serves in the given order.
func handmade(next order) func(n int) semaphore.Semaphore {
	return func(n int) semaphore.Semaphore {
		return &handmadeSemaphore{free: int64(n), next: next}
	}
}

// givesBackTooMuch releases in a defer that stands before the check of
// Acquire's error.
func givesBackTooMuch(n int) semaphore.Semaphore {
	return &handmadeSemaphore{free: int64(n), givesBack: true}
}

type handmadeSemaphore struct {
	next      order
	givesBack bool

	mu      sync.Mutex
	free    int64
	waiters []*semaphoreWaiter
}

type semaphoreWaiter struct {
	n     int64
	ready chan struct{}
}

func (s *handmadeSemaphore) Acquire(ctx context.Context, n int64) error {
	if s.TryAcquire(n) {
		return nil
	}
	s.mu.Lock()
	w := &semaphoreWaiter{n, make(chan struct{})}
	s.waiters = append(s.waiters, w)
	s.wake()
	s.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.waiters, w)
	if at < 0 {
		return nil
	}
	s.waiters = slices.Delete(s.waiters, at, at+1)
	if s.givesBack {
		s.free += n
	}
	s.wake()
	return ctx.Err()
}

func (s *handmadeSemaphore) TryAcquire(n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free < n || len(s.waiters) > 0 && s.next != firstThatFits {
		return false
	}
	s.free -= n
	return true
}

func (s *handmadeSemaphore) Release(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	s.wake()
}

func (s *handmadeSemaphore) wake() {
	for len(s.waiters) > 0 {
		at := 0
		switch s.next {
		case lastCome:
			at = len(s.waiters) - 1
		case firstThatFits:
			at = max(0, slices.IndexFunc(s.waiters,
				func(w *semaphoreWaiter) bool { return w.n <= s.free }))
		}
		w := s.waiters[at]
		if w.n > s.free {
			return
		}
		s.free -= w.n
		s.waiters = slices.Delete(s.waiters, at, at+1)
		close(w.ready)
	}
}
