package semaphore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func forms(t *testing.T, test func(*testing.T, func(int) Semaphore)) {
	for name, form := range Originals {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, form) })
		})
	}
}

func TestNeverMoreThanPermits(t *testing.T) {
	forms(t, func(t *testing.T, form func(int) Semaphore) {
		begin := time.Now()
		s := form(3)
		var mu sync.Mutex
		held, most := 0, 0
		var tasks sync.WaitGroup
		for range 12 {
			tasks.Go(func() {
				err := With(t.Context(), s, 1, func(context.Context) {
					mu.Lock()
					held++
					most = max(most, held)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					held--
					mu.Unlock()
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		tasks.Wait()
		if most != 3 {
			t.Errorf("%d at once, want 3", most)
		}
		if took := time.Since(begin); took != 4*time.Second {
			t.Errorf("took %v, want 4s", took)
		}
	})
}

func TestWaitersAreServedInOrder(t *testing.T) {
	forms(t, func(t *testing.T, form func(int) Semaphore) {
		s := form(1)
		s.Acquire(t.Context(), 1)
		var served []int
		var tasks sync.WaitGroup
		for task := range 5 {
			tasks.Go(func() {
				s.Acquire(t.Context(), 1)
				served = append(served, task) // guarded by the permit
				s.Release(1)
			})
			synctest.Wait()
		}
		s.Release(1)
		tasks.Wait()
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
	})
}

func TestCancelledWaiterTakesNoPermit(t *testing.T) {
	forms(t, func(t *testing.T, form func(int) Semaphore) {
		s := form(1)
		s.Acquire(t.Context(), 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Acquire(ctx, 1); err != context.DeadlineExceeded {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		s.Release(1)
		if !s.TryAcquire(1) {
			t.Error("the permit is lost")
		}
		if s.TryAcquire(1) {
			t.Error("there is a permit too many")
		}
	})
}

func TestPermitIsReleasedWhenTheBodyPanics(t *testing.T) {
	forms(t, func(t *testing.T, form func(int) Semaphore) {
		s := form(1)
		func() {
			defer func() { recover() }()
			With(t.Context(), s, 1, func(context.Context) { panic("body") })
		}()
		if !s.TryAcquire(1) {
			t.Error("the permit is lost")
		}
	})
}

func TestReleaseOfTooManyPanics(t *testing.T) {
	forms(t, func(t *testing.T, form func(int) Semaphore) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		form(1).Release(1)
	})
}

func TestLargeRequestIsNotOvertaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewWeighted(3)
		s.Acquire(t.Context(), 2)
		var order []string
		var tasks sync.WaitGroup
		for _, request := range []struct {
			name   string
			weight int64
		}{{"large", 3}, {"small", 1}} {
			tasks.Go(func() {
				s.Acquire(t.Context(), request.weight)
				order = append(order, request.name)
				s.Release(request.weight)
			})
			synctest.Wait()
		}
		if s.TryAcquire(1) {
			t.Error("a try has overtaken")
		}
		s.Release(2)
		tasks.Wait()
		if want := []string{"large", "small"}; !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
	})
}

func TestCancelledHeadLetsThoseBehindItPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewWeighted(3)
		s.Acquire(t.Context(), 2)
		ctx, cancel := context.WithCancel(t.Context())
		var tasks sync.WaitGroup
		tasks.Go(func() {
			if err := s.Acquire(ctx, 3); err != context.Canceled {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
		synctest.Wait()
		tasks.Go(func() { s.Acquire(t.Context(), 1) })
		synctest.Wait()
		cancel()
		tasks.Wait() // a deadlock unless the second has its permit
	})
}

func TestRequestForMoreThanThereIsWaitsUntilCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewWeighted(3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		err := s.Acquire(ctx, 4)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func BenchmarkUncontended(b *testing.B) {
	for name, form := range Originals {
		b.Run(name, func(b *testing.B) {
			s := form(4)
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			for range b.N {
				s.Acquire(ctx, 1)
				s.Release(1)
			}
		})
	}
	b.Run("plain channel", func(b *testing.B) {
		s := make(chan struct{}, 4)
		for range b.N {
			s <- struct{}{}
			<-s
		}
	})
}
