package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Paths       []string `json:"paths"` // files, in place of the lines
	Lines       []string `json:"lines"`
	Workers     int      `json:"workers"` // of the transform stage
	Buffer      int      `json:"buffer"`
	Parse       []int    `json:"parse"` // milliseconds for each line, in turn
	Transform   []int    `json:"transform"`
	Aggregate   []int    `json:"aggregate"`
	Failing     []string `json:"failing"` // a stage and a line: "parse 3"
	StopAfter   *int     `json:"stopAfter"`
	CancelAfter *int     `json:"cancelAfter"` // milliseconds
}

func defaults() Input {
	return Input{
		Paths: []string{},
		Lines: []string{
			"At dawn the ferry leaves the quay",
			"and nobody is on it",
			"but the one who counts the waves",
			"",
			"At noon the ferry comes again",
			"with as many waves as it can carry",
		},
		Workers:   1,
		Buffer:    1,
		Parse:     []int{4, 5, 3},
		Transform: []int{9, 30, 11, 2},
		Aggregate: []int{6},
		Failing:   []string{},
	}
}

const (
	mostWorkers      = 1024
	mostLines        = 100_000
	mostMilliseconds = 86_400_000_000
)

var stages = []string{"parse", "transform", "aggregate"}

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	err := cookbook.Between(in.Workers, 1, mostWorkers, "workers")
	if err != nil {
		return err
	}
	err = cookbook.Between(in.Buffer, 0, mostWorkers, "buffer")
	if err != nil {
		return err
	}
	if len(in.Lines) > mostLines {
		return fmt.Errorf("lines must have at most %d elements, not %d",
			mostLines, len(in.Lines))
	}
	for stage, times := range [][]int{in.Parse, in.Transform, in.Aggregate} {
		for i, took := range times {
			err := cookbook.Between(
				took, 0, mostMilliseconds, "%s[%d]", stages[stage], i)
			if err != nil {
				return err
			}
		}
	}
	for i, at := range in.Failing {
		stage, line, _ := strings.Cut(at, " ")
		index, err := strconv.Atoi(line)
		if err != nil || !slices.Contains(stages, stage) || index < 0 {
			return fmt.Errorf(
				"failing[%d] must be a stage and a line, not %q", i, at)
		}
	}
	if in.StopAfter != nil {
		err := cookbook.Between(*in.StopAfter, 1, 1<<53, "stopAfter")
		if err != nil {
			return err
		}
	}
	if in.CancelAfter != nil {
		return cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
	}
	return nil
}

// Outcome is what the lines that were aggregated come to.
type Outcome struct {
	Checksum uint32 `json:"checksum"` // of the lines, in any order
	Error    string `json:"error,omitempty"`
	Lines    int    `json:"lines"`
	Longest  int    `json:"longest"` // word, in bytes
	Words    int    `json:"words"`
}

// Problems names a file that could not be read.
func (o Outcome) Problems() []string {
	if strings.HasPrefix(o.Error, "cannot read ") {
		return []string{o.Error}
	}
	return nil
}

// Line is a line of the text.
type Line struct {
	Index int
	Bytes []byte
}

// Parsed is a line in its words.
type Parsed struct {
	Line
	Words, Longest int
}

// Entry is what a line adds to the outcome.
type Entry struct {
	Index, Words, Longest int
	Checksum              uint32
}

// Stages are the first two stages' functions.
type Stages struct {
	Parse     func(context.Context, Line) (Parsed, error)
	Transform func(context.Context, Parsed) (Entry, error)
}

// A Form is a pipeline around the stages of the demo.
type Form func(
	ctx context.Context, workers, buffer int,
	source iter.Seq2[Line, error], stages Stages,
) iter.Seq2[Entry, error]

// Original is the pipeline of this package.
func Original(
	ctx context.Context, workers, buffer int,
	source iter.Seq2[Line, error], stages Stages,
) iter.Seq2[Entry, error] {
	// #region demo
	return Run(ctx,
		func(ctx context.Context, g *errgroup.Group) <-chan Entry {
			lines := Gen(ctx, g, buffer, source)
			parsed := Stage(ctx, g, 1, buffer, lines, stages.Parse)
			return Stage(ctx, g, workers, buffer, parsed, stages.Transform)
		})
	// #endregion
}

// Demo returns the demo around a pipeline.
func Demo(form Form) cookbook.Demo {
	return cookbook.NewDemo(
		"lines of a text through three stages: parse, transform, aggregate",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, form, in, record), nil
		})
}

type failure struct {
	stage string
	line  int
}

func (f failure) Error() string {
	return fmt.Sprintf("%s of line %d failed", f.stage, f.line)
}

// A step is the work of one stage on one line, with its time and events.
type step func(
	ctx context.Context, stage, done string, times []int, line int,
) error

func run(
	ctx context.Context, form Form, in Input, record *cookbook.Recorder,
) Outcome {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopTimer := func() {}
	if in.CancelAfter != nil {
		after := time.Duration(*in.CancelAfter) * time.Millisecond
		stopTimer = cancelLater(after, func() {
			record.Record("caller", "cancel", "")
			cancel()
		})
	}

	step := in.step(record)
	stages := Stages{
		Parse: func(ctx context.Context, line Line) (Parsed, error) {
			err := step(ctx, "parse", "parsed", in.Parse, line.Index)
			if err != nil {
				return Parsed{}, err
			}
			return parse(line), nil
		},
		Transform: func(ctx context.Context, line Parsed) (Entry, error) {
			err := step(
				ctx, "transform", "transformed", in.Transform, line.Index)
			if err != nil {
				return Entry{}, err
			}
			return transform(line), nil
		},
	}
	source := in.lines()
	if len(in.Paths) > 0 {
		source = files(in.Paths)
	}

	var outcome Outcome
	var err error
	for entry, problem := range form(
		ctx, in.Workers, in.Buffer, source, stages) {
		if err = problem; err != nil {
			break
		}
		err = step(ctx, "aggregate", "aggregated", in.Aggregate, entry.Index)
		if err != nil {
			break
		}
		outcome.add(entry)
		if in.StopAfter != nil && outcome.Lines == *in.StopAfter {
			record.Record("caller", "stop", "")
			break
		}
	}
	stopTimer()
	record.Record("caller", "return", "")
	if errors.Is(err, context.Canceled) {
		outcome.Error = "cancelled"
	} else if err != nil {
		outcome.Error = err.Error()
	}
	return outcome
}

func (in Input) step(record *cookbook.Recorder) step {
	if len(in.Paths) > 0 {
		// A file has more lines than anybody wants events of.
		return func(
			context.Context, string, string, []int, int,
		) error {
			return nil
		}
	}
	failing := make(map[string]bool)
	for _, at := range in.Failing {
		failing[at] = true
	}
	return func(
		ctx context.Context, stage, done string, times []int, line int,
	) error {
		lane := fmt.Sprintf("line %d", line)
		item := strconv.Itoa(line)
		record.Record(lane, stage, item)
		if len(times) > 0 {
			took := time.Duration(times[line%len(times)])
			err := cookbook.Sleep(ctx, took*time.Millisecond)
			if err != nil {
				record.Record(lane, "cancelled", stage)
				return err
			}
		}
		if failing[stage+" "+item] {
			record.Record(lane, "fail", stage)
			return failure{stage, line}
		}
		record.Record(lane, done, item)
		return nil
	}
}

func (in Input) lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for i, line := range in.Lines {
			if !yield(Line{i, []byte(line)}, nil) {
				return
			}
		}
	}
}

// files yields the lines of some files. The last line need not end with a
// line feed.
func files(paths []string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		index := 0
		for _, path := range paths {
			for bytes, err := range file(path) {
				if err != nil {
					reason := cookbook.Reason(err)
					yield(Line{}, fmt.Errorf(
						"cannot read %s: %w", cookbook.Display(path), reason))
					return
				}
				if !yield(Line{index, bytes}, nil) {
					return
				}
				index++
			}
		}
	}
}

func file(path string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		reader := bufio.NewReaderSize(f, 1<<16)
		for {
			line, err := reader.ReadBytes('\n')
			if n := len(line); n > 0 && line[n-1] == '\n' {
				line = line[:n-1]
			} else if n == 0 && err == io.EOF {
				return
			}
			if err != nil && err != io.EOF {
				yield(nil, err)
				return
			}
			if !yield(line, nil) {
				return
			}
		}
	}
}

// parse finds the words of a line: runs of bytes that are not ASCII white
// space.
func parse(line Line) Parsed {
	words, longest, length := 0, 0, 0
	for _, b := range line.Bytes {
		if b == ' ' || b >= '\t' && b <= '\r' {
			length = 0
			continue
		}
		if length == 0 {
			words++
		}
		length++
		longest = max(longest, length)
	}
	return Parsed{line, words, longest}
}

// transform computes a checksum in which ASCII letters count as small
// ones: FNV-1a (Fowler, Noll and Vo).
func transform(line Parsed) Entry {
	hash := uint32(2_166_136_261)
	for _, b := range line.Bytes {
		if b >= 'A' && b <= 'Z' {
			b |= 0x20
		}
		hash = (hash ^ uint32(b)) * 16_777_619
	}
	return Entry{line.Index, line.Words, line.Longest, hash}
}

func (o *Outcome) add(entry Entry) {
	o.Lines++
	o.Words += entry.Words
	o.Longest = max(o.Longest, entry.Longest)
	o.Checksum += entry.Checksum
}

// cancelLater calls cancel after d. When the function that it returns
// has returned, cancel is not running and will not run.
func cancelLater(d time.Duration, cancel func()) (stop func()) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-done:
		}
	})
	return func() {
		close(done)
		wg.Wait()
	}
}
