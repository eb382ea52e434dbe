package cookbook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

// An Example is a short program that Swift has under the same name.
type Example struct {
	run func(ctx context.Context, stage Stage, input []byte) error
}

// A Room holds what a recipe shows in Go.
type Room struct {
	// Examples holds the examples by name.
	Examples map[string]Example
	// Wrong holds versions that prove the comparator, as EXAMPLE/MISTAKE.
	Wrong map[string]Example
	// Measurements holds what is measured in a process of its own.
	Measurements map[string]Measurement
	Workloads    []Workload
}

// A Measurement names its figures, for instance bytes. One that this system
// does not tell is NaN.
type Measurement func(count int) map[string]float64

// With returns an example that takes an input. Swift has validated it, and
// sends all of it. The changes are made to it before the run.
func With[I any](
	run func(context.Context, Stage, I) error, changes ...func(*I),
) Example {
	return Example{func(ctx context.Context, stage Stage, text []byte) error {
		var input I
		if err := json.Unmarshal(text, &input); err != nil {
			return err
		}
		for _, change := range changes {
			change(&input)
		}
		return run(ctx, stage, input)
	}}
}

// Plain returns an example that takes no input.
func Plain(run func(context.Context, Stage) error) Example {
	return With(func(ctx context.Context, stage Stage, _ struct{}) error {
		return run(ctx, stage)
	})
}

// Cells returns an example for each cell of a table, named OPERATION-STATE.
func Cells[S any](
	operations map[string]func(Lane, S), states map[string]func() S,
) map[string]Example {
	cells := map[string]Example{}
	for name, operation := range operations {
		for state, open := range states {
			cells[name+"-"+state] = Plain(
				func(_ context.Context, stage Stage) error {
					operation(stage.Lane(caller), open())
					return nil
				})
		}
	}
	return cells
}

// Meeting returns an example of goroutines that all do the same to one
// subject. Once they wait, act is called; nil lets them race.
func Meeting[S any](
	count int, open func() S, operation func(Lane, S),
	act func(subject S, cancel func()),
) Example {
	return Plain(func(ctx context.Context, stage Stage) error {
		subject := open()
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		var wg sync.WaitGroup
		for n := range count {
			task := stage.Lane(fmt.Sprint("task ", n+1))
			wg.Go(func() {
				stage.Attempt(task.Name, func() error {
					operation(task, subject)
					return inner.Err()
				})
			})
		}
		if act != nil {
			if err := stage.Sleep(ctx, 1); err != nil {
				return err
			}
			act(subject, cancel)
		}
		wg.Wait()
		return nil
	})
}

// Run runs the example, cancels it when its input says so, and records how
// it ended.
func (e Example) Run(ctx context.Context, input []byte, record *Recorder) {
	var timing struct {
		CancelAfter *int `json:"cancelAfter"`
	}
	_ = json.Unmarshal(input, &timing) // With reports what is wrong
	stage := Stage{record}
	stage.Attempt(caller, func() error {
		ctx, stop := stage.CancelAfter(ctx, caller, timing.CancelAfter)
		defer stop()
		return e.run(ctx, stage, input)
	})
}

// CancelAfter returns a copy of ctx that is cancelled after so many
// milliseconds, unless stop is called before, once. With nil it is not.
func (s Stage) CancelAfter(
	ctx context.Context, lane string, ms *int,
) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	if ms == nil {
		return ctx, cancel
	}
	done := make(chan struct{})
	timer := time.AfterFunc(Milliseconds(*ms), func() {
		defer close(done)
		if ctx.Err() == nil { // what is cancelled already is not cancelled anew
			// A cancellation reaches one derived context after another. A
			// task that has seen it goes on when it has reached them all, as
			// in Swift: otherwise it could hand its permit to one that is
			// not cancelled yet.
			s.record.RecordAs(lane, "cancel", "", cancel)
		}
	})
	return ctx, func() {
		if !timer.Stop() {
			<-done // what is recorded is recorded before the example goes on
		}
		cancel()
	}
}

const caller = "caller"

// A Stage is what an example sees of the world. What an example does to it
// is recorded.
type Stage struct{ record *Recorder }

// Work keeps a lane busy for so many milliseconds, and then succeeds or
// fails. It returns ctx's error as soon as ctx is done.
func (s Stage) Work(ctx context.Context, lane string, ms int, fails bool) error {
	return s.Busy(lane, func() error {
		if err := s.Sleep(ctx, ms); err != nil || !fails {
			return err
		}
		return fmt.Errorf("%s failed", lane)
	})
}

// WorkOn keeps the lane "stage item" busy. The times are those of the items,
// in turn; failing are those that it fails on.
func (s Stage) WorkOn(
	ctx context.Context, stage string, item int, times, failing []int,
) error {
	ms := 0
	if len(times) > 0 {
		ms = times[item%len(times)]
	}
	fails := slices.Contains(failing, item)
	return s.Work(ctx, fmt.Sprint(stage, " ", item), ms, fails)
}

// A Consumer leaves when it has done enough.
type Consumer struct {
	stage  Stage
	wanted *int
	done   int
}

// Consumer returns one that wants so many items, or all.
func (s Stage) Consumer(wanted *int) *Consumer {
	return &Consumer{stage: s, wanted: wanted}
}

// WorkOn is Stage.WorkOn, and records that the consumer leaves.
func (c *Consumer) WorkOn(
	ctx context.Context, stage string, item int, times, failing []int,
) error {
	err := c.stage.WorkOn(ctx, stage, item, times, failing)
	if err != nil {
		return err
	}
	if c.done++; c.HasEnough() {
		c.stage.Leave(caller)
	}
	return nil
}

// HasEnough says whether as many items are done as are wanted.
func (c *Consumer) HasEnough() bool {
	return c.wanted != nil && c.done == *c.wanted
}

// Busy keeps a lane busy while body runs. It records the start, and then the
// end, a failure, or that it was cancelled.
func (s Stage) Busy(lane string, body func() error) error {
	s.record.Record(lane, "start", "")
	name := "end"
	err := body()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		name = "cancelled"
	case err != nil:
		name = "fail"
	}
	s.record.Record(lane, name, "")
	return err
}

// Say records a value that a lane came to; an error as its text.
func (s Stage) Say(lane string, value any) {
	if err, ok := value.(error); ok {
		value = text(err)
	}
	line := Line(value)
	s.record.Record(lane, "say", string(line[:len(line)-1]))
}

// Come records that a task or a job comes, which another one may let wait.
func (s Stage) Come(lane string) { s.record.Record(lane, "come", "") }

// Println records a value that the caller came to: a page's code may say
// fmt.Println.
func (s Stage) Println(value any) { s.Say(caller, value) }

// Leave records that a consumer wants nothing more, which stops the others.
func (s Stage) Leave(lane string) { s.record.Record(lane, "leave", "") }

// A Lane is a lane of a stage: a page's code may call it fmt.
type Lane struct {
	stage Stage
	Name  string
}

// Lane returns the lane with a name.
func (s Stage) Lane(name string) Lane { return Lane{s, name} }

// Println records each value as one that the lane came to.
func (l Lane) Println(values ...any) {
	for _, value := range values {
		l.stage.Say(l.Name, value)
	}
}

// Sleep returns after so many milliseconds, or with ctx's error as soon as
// ctx is done.
func (s Stage) Sleep(ctx context.Context, ms int) error {
	timer := time.NewTimer(Milliseconds(ms))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Source yields numbers from 0 on, each after a pause in milliseconds, and
// says each in a lane. It ends when ctx is done.
func (s Stage) Source(
	ctx context.Context, lane string, pauses []int,
) iter.Seq[int] {
	return func(yield func(int) bool) {
		for number, pause := range pauses {
			if s.Sleep(ctx, pause) != nil {
				return
			}
			s.Say(lane, number)
			if !yield(number) {
				return
			}
		}
	}
}

// Channel sends the numbers of a Source, and closes the channel. When stop
// returns, its goroutine has ended.
func (s Stage) Channel(
	ctx context.Context, lane string, pauses []int,
) (_ <-chan int, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	numbers := make(chan int)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(numbers)
		for number := range s.Source(ctx, lane, pauses) {
			select {
			case numbers <- number:
			case <-ctx.Done():
				return
			}
		}
	})
	return numbers, func() { cancel(); wg.Wait() }
}

// Sink returns what consumes numbers, each in a lane of its own, such as
// "request 3", for so many milliseconds; further ones are like the last.
func (s Stage) Sink(
	lane string, durations []int,
) func(ctx context.Context, number int) error {
	return func(ctx context.Context, number int) error {
		ms := 1
		if len(durations) > 0 {
			ms = durations[min(number, len(durations)-1)]
		}
		return s.Work(ctx, fmt.Sprint(lane, " ", number), ms, false)
	}
}

// Attempt runs body and records how it ended in a lane of its own: by
// returning, with an error, or by a panic, which goes no further.
func (s Stage) Attempt(lane string, body func() error) {
	name, item := "die", ""
	defer func() {
		if problem := recover(); problem != nil {
			item = fmt.Sprint(problem)
		}
		s.record.Record(lane, name, item)
	}()
	if err := body(); err == nil {
		name = "return"
	} else {
		name, item = "throw", text(err)
	}
}

// text says of an error what Swift says of it.
func text(err error) string {
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	return err.Error()
}

// Limit is so many milliseconds, or a thousand days where there is no limit.
func Limit(ms *int) time.Duration {
	if ms == nil {
		return 1000 * 24 * time.Hour
	}
	return Milliseconds(*ms)
}

// Milliseconds is so many of them.
func Milliseconds(ms int) time.Duration {
	return time.Duration(ms) * time.Millisecond
}

// EndsCaller says whether the example's own goroutine ends with the event.
func (e Event) EndsCaller() bool {
	return e.Lane == caller &&
		(e.Name == "return" || e.Name == "throw" || e.Name == "die")
}

// Waiting is the event of an example that waits for ever once these events
// have happened.
func Waiting(events []Event) Event {
	waiting := Event{Lane: caller, Name: "wait"}
	if len(events) > 0 {
		waiting.At = events[len(events)-1].At
	}
	return waiting
}
