package boundedpool

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func forever(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// pause takes d, or less when ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestNeverMoreThanWorkersAndNeverIdle(t *testing.T) {
	for _, test := range []struct {
		workers, jobs int
		most          int32
		took          time.Duration
	}{
		{1, 4, 1, 4 * time.Second},
		{2, 4, 2, 2 * time.Second},
		{3, 4, 3, 2 * time.Second},
		{9, 4, 4, 1 * time.Second},
		{2, 0, 0, 0},
	} {
		name := fmt.Sprintf("%d jobs, %d workers", test.jobs, test.workers)
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var running, most, runs atomic.Int32
				err := ForEach(t.Context(), test.workers, upTo(test.jobs),
					func(ctx context.Context, _ int) error {
						runs.Add(1)
						n := running.Add(1)
						defer running.Add(-1)
						for m := most.Load(); n > m; m = most.Load() {
							most.CompareAndSwap(m, n)
						}
						return pause(ctx, time.Second)
					})
				if err != nil {
					t.Error(err)
				}
				if int(runs.Load()) != test.jobs {
					t.Errorf("%d runs, want %d", runs.Load(), test.jobs)
				}
				if most.Load() != test.most {
					t.Errorf("%d at once, want %d", most.Load(), test.most)
				}
				if took := time.Since(begin); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestMapKeepsTheOrderOfTheInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got, err := Map(t.Context(), 3, upTo(6),
			func(ctx context.Context, i int) (int, error) {
				return i * i, pause(ctx, time.Duration(6-i)*time.Second)
			})
		want := []int{0, 1, 4, 9, 16, 25}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	})
}

func TestUnorderedReceivesAsResultsCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got []int
		err := Unordered(t.Context(), 3, upTo(3),
			func(ctx context.Context, i int) (int, error) {
				return i, pause(ctx, time.Duration(3-i)*time.Second)
			},
			func(i int) { got = append(got, i) })
		if want := []int{2, 1, 0}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	})
}

func TestFirstErrorCancelsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		broken := errors.New("broken")
		var started, cancelled atomic.Int32
		var got []int
		err := Unordered(t.Context(), 3, forever,
			func(ctx context.Context, i int) (int, error) {
				started.Add(1)
				if i == 4 {
					return 0, broken
				}
				took := time.Duration(i+1) * time.Second
				if err := pause(ctx, took); err != nil {
					cancelled.Add(1)
					return 0, errors.New("not the first")
				}
				return i, nil
			},
			func(i int) { got = append(got, i) })
		if err != broken {
			t.Errorf("error %v, want %v", err, broken)
		}
		if want := []int{0, 1}; !slices.Equal(got, want) {
			t.Errorf("received %v, want %v", got, want)
		}
		if started.Load() != 5 || cancelled.Load() != 2 {
			t.Errorf("%d started and %d were cancelled, want 5 and 2",
				started.Load(), cancelled.Load())
		}
		if took := time.Since(begin); took != 2*time.Second {
			t.Errorf("took %v, want 2s", took)
		}
	})
}

func TestMapReturnsNoResultsWithAnError(t *testing.T) {
	broken := errors.New("broken")
	got, err := Map(t.Context(), 1, upTo(3),
		func(_ context.Context, i int) (int, error) {
			if i == 2 {
				return 0, broken
			}
			return i, nil
		})
	if got != nil || err != broken {
		t.Errorf("got %v, %v; want nil, %v", got, err, broken)
	}
}

func TestCancellationStartsNothingMore(t *testing.T) {
	reason := errors.New("enough")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var started atomic.Int32
		time.AfterFunc(2500*time.Millisecond, func() { cancel(reason) })
		err := ForEach(ctx, 2, forever,
			func(context.Context, int) error {
				started.Add(1)
				time.Sleep(time.Second) // deaf to cancellation
				return nil
			})
		if err != reason {
			t.Errorf("error %v, want %v", err, reason)
		}
		if started.Load() != 6 {
			t.Errorf("%d started, want 6", started.Load())
		}
	})
}

func TestNothingStartsAfterCancellationOfAnIdlePool(t *testing.T) {
	// Many times: handing out a job and seeing the cancellation are both
	// possible here, and a select chooses at random.
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			inputs := func(yield func(int) bool) {
				synctest.Wait() // until the workers wait for jobs
				cancel()
				for yield(0) {
				}
			}
			err := ForEach(ctx, 4, inputs,
				func(context.Context, int) error {
					t.Error("a job was started")
					return nil
				})
			if err != context.Canceled {
				t.Errorf("error %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestResultsFromBeforeTheErrorAreReceived(t *testing.T) {
	for range 100 { // for the same reason
		synctest.Test(t, func(t *testing.T) {
			broken := errors.New("broken")
			var got []int
			err := Unordered(t.Context(), 3, upTo(3),
				func(_ context.Context, i int) (int, error) {
					time.Sleep(time.Duration(i) * time.Second)
					if i == 2 {
						return 0, broken
					}
					return i, nil
				},
				func(i int) {
					got = append(got, i)
					time.Sleep(time.Minute)
				})
			want := []int{0, 1}
			if err != broken || !slices.Equal(got, want) {
				t.Errorf("got %v, %v; want %v, %v", got, err, want, broken)
			}
		})
	}
}

func TestInputsAreTakenAtMostOneAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var taken atomic.Int32
		inputs := func(yield func(int32) bool) {
			for yield(taken.Add(1)) {
			}
		}
		err := ForEach(ctx, 1, inputs,
			func(_ context.Context, started int32) error {
				// Every other goroutine is blocked when this ends.
				time.Sleep(time.Second)
				if taken := taken.Load(); taken > started+1 {
					t.Errorf("%d taken, %d started", taken, started)
				}
				if started == 20 {
					cancel()
				}
				return nil
			})
		if err != context.Canceled {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}

func TestSlowReceiverHoldsTheWorkersBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		var finished atomic.Int32
		received := 0
		err := Unordered(t.Context(), workers, upTo(20),
			func(context.Context, int) (int, error) {
				finished.Add(1)
				return 0, nil
			},
			func(int) {
				time.Sleep(time.Second)
				received++
				// Those received, and one in the hand of each worker.
				ahead := int(finished.Load()) - received
				if ahead > workers {
					t.Errorf("%d results wait", ahead)
				}
			})
		if err != nil || received != 20 {
			t.Errorf("received %d, %v", received, err)
		}
	})
}

func TestPanickingReceiverLeavesNobodyBehind(t *testing.T) {
	// synctest.Test itself fails when a goroutine stays blocked.
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("the panic was lost")
			}
		}()
		Unordered(t.Context(), 3, forever,
			func(_ context.Context, i int) (int, error) { return i, nil },
			func(int) {
				synctest.Wait() // until every worker has a result
				panic("receiver")
			})
	})
}

func BenchmarkTinyJobs(b *testing.B) {
	err := ForEach(b.Context(), 4, upTo(b.N),
		func(context.Context, int) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
}
