package mutants

import (
	"context"
	"iter"
	"sync"

	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in"
)

// FanOutFanIn holds wrong fan-ins by the name of their mistake.
var FanOutFanIn = map[string]fanoutfanin.Forms{
	"unboundedOutput":      fanInBy(unboundedOutput),
	"endsWithTheFirst":     fanInBy(endsWithTheFirst),
	"oneAfterTheOther":     fanInBy(oneAfterTheOther),
	"leavingCancelsNobody": fanInBy(leavingCancelsNobody),
	"lastValueLost":        fanInBy(lastValueLost),
	"errorTakenForTheEnd":  fanInBy(errorTakenForTheEnd),
}

type (
	producer = fanoutfanin.Producer[int]
	fanIn    = func(
		context.Context, int, ...producer,
	) iter.Seq2[int, error]
)

// fanInBy fans out over a counter, and in by the given function.
func fanInBy(in fanIn) fanoutfanin.Forms {
	return fanoutfanin.Forms{
		FanIn: in,
		FanOut: func(
			ctx context.Context, workers, buffer int, inputs iter.Seq[int],
			work func(context.Context, int) (int, error),
		) iter.Seq2[int, error] {
			return func(yield func(int, error) bool) {
				next, stop := iter.Pull(inputs)
				defer stop()
				var mu sync.Mutex
				take := func() (int, bool) {
					mu.Lock()
					defer mu.Unlock()
					return next()
				}
				producers := make([]producer, workers)
				for i := range producers {
					producers[i] = shared(take, work)
				}
				in(ctx, buffer, producers...)(yield)
			}
		},
	}
}

func shared(
	take func() (int, bool), work func(context.Context, int) (int, error),
) producer {
	return func(ctx context.Context, out chan<- int) error {
		for ctx.Err() == nil {
			job, ok := take()
			if !ok {
				return nil
			}
			result, err := work(ctx, job)
			if err != nil {
				return err
			}
			if err := fanoutfanin.Send(ctx, out, result); err != nil {
				return err
			}
		}
		return context.Cause(ctx)
	}
}

// unboundedOutput has room for everything.
func unboundedOutput(
	ctx context.Context, _ int, producers ...producer,
) iter.Seq2[int, error] {
	return fanoutfanin.FanIn(ctx, 1_000, producers...)
}

// endsWithTheFirst takes the end of one producer for the end of all.
func endsWithTheFirst(
	ctx context.Context, buffer int, producers ...producer,
) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var enders []producer
		for _, produce := range producers {
			enders = append(enders,
				func(ctx context.Context, out chan<- int) error {
					defer cancel()
					return produce(ctx, out)
				})
		}
		fanoutfanin.FanIn(ctx, buffer, enders...)(
			func(value int, err error) bool {
				if err == context.Canceled {
					return false
				}
				return yield(value, err)
			})
	}
}

// oneAfterTheOther runs a producer when the one before it has ended.
func oneAfterTheOther(
	ctx context.Context, buffer int, producers ...producer,
) iter.Seq2[int, error] {
	all := func(ctx context.Context, out chan<- int) error {
		for _, produce := range producers {
			if err := produce(ctx, out); err != nil {
				return err
			}
		}
		return nil
	}
	return fanoutfanin.FanIn(ctx, buffer, all)
}

// leavingCancelsNobody drops the rest when the consumer has left.
func leavingCancelsNobody(
	ctx context.Context, buffer int, producers ...producer,
) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		left := false
		fanoutfanin.FanIn(ctx, buffer, producers...)(
			func(value int, err error) bool {
				left = left || !yield(value, err)
				return true
			})
	}
}

// lastValueLost looks at the next value before it hands over the last.
func lastValueLost(
	ctx context.Context, buffer int, producers ...producer,
) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		var held *int
		fanoutfanin.FanIn(ctx, buffer, producers...)(
			func(value int, err error) bool {
				if err != nil {
					return yield(value, err)
				}
				last := held
				held = &value
				return last == nil || yield(*last, nil)
			})
	}
}

// errorTakenForTheEnd ends like a loop over a channel.
func errorTakenForTheEnd(
	ctx context.Context, buffer int, producers ...producer,
) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		fanoutfanin.FanIn(ctx, buffer, producers...)(
			func(value int, err error) bool {
				return err == nil && yield(value, nil)
			})
	}
}
