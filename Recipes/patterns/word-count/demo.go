package wordcount

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Paths     []string   `json:"paths"` // files and directories
	Workers   int        `json:"workers"`
	Top       int        `json:"top"` // how many words to show
	Documents []Document `json:"documents"`
}

// A Document is a text in memory that takes its time to be read.
type Document struct {
	Name         string `json:"name"`
	Text         string `json:"text"`
	Milliseconds int    `json:"milliseconds"`
}

func defaults() Input {
	return Input{
		Paths:     []string{},
		Workers:   4,
		Top:       10,
		Documents: []Document{},
	}
}

const (
	mostWorkers      = 1024
	mostTop          = 1_000_000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	err := cookbook.Between(in.Workers, 1, mostWorkers, "workers")
	if err != nil {
		return err
	}
	if err := cookbook.Between(in.Top, 0, mostTop, "top"); err != nil {
		return err
	}
	for i, document := range in.Documents {
		err := cookbook.Between(document.Milliseconds, 0, mostMilliseconds,
			"documents[%d].milliseconds", i)
		if err != nil {
			return err
		}
	}
	return nil
}

// Outcome is what the demo ends with. Its texts are as cookbook.Display
// shows them.
type Outcome struct {
	Bytes    int       `json:"bytes"`
	Distinct int       `json:"distinct"`
	Failures []failure `json:"failures"`
	Files    int       `json:"files"` // those that were read
	Top      []entry   `json:"top"`
	Words    int       `json:"words"`
}

type failure struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

type entry struct {
	Count int    `json:"count"`
	Word  string `json:"word"`
}

// Problems names each file that could not be read.
func (o Outcome) Problems() []string {
	var problems []string
	for _, failure := range o.Failures {
		problems = append(problems,
			fmt.Sprintf("cannot read %s: %s", failure.File, failure.Reason))
	}
	return problems
}

// Demo returns the demo around this package.
func Demo() cookbook.Demo {
	return cookbook.NewDemo(
		"count the words of many files, a few files at once",
		defaults, run)
}

// A source is one thing to count, under the name of its lane.
type source struct {
	name  string
	count func(context.Context) (Counts, error)
}

func run(
	ctx context.Context, in Input, record *cookbook.Recorder,
) (Outcome, error) {
	count := func(ctx context.Context, s source) (Counts, error) {
		lane := cookbook.Display(s.name)
		record.Record(lane, "open", "")
		counts, err := s.count(ctx)
		switch {
		case err == nil:
			record.Record(lane, "close", strconv.Itoa(counts.Words))
		case ctx.Err() != nil:
			record.Record(lane, "cancelled", "")
		default:
			reason := cookbook.Reason(err).Error()
			record.Record(lane, "fail", reason)
		}
		return counts, err
	}
	total, files, failed, err := All(ctx, in.Workers, in.sources(), count)
	record.Record("caller", "return", "")
	if err != nil {
		return Outcome{}, err
	}

	failures := []failure{}
	for _, f := range failed {
		name := cookbook.Display(f.Source.name)
		reason := cookbook.Reason(f.Err).Error()
		failures = append(failures, failure{name, reason})
	}
	slices.SortFunc(failures, func(a, b failure) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Reason, b.Reason))
	})
	top := []entry{}
	for _, e := range total.Top(in.Top) {
		top = append(top, entry{e.Count, cookbook.Display(e.Word)})
	}
	return Outcome{
		Bytes:    total.Bytes,
		Distinct: len(total.Each),
		Failures: failures,
		Files:    files,
		Top:      top,
		Words:    total.Words,
	}, nil
}

// sources lists the documents, then the files, or the shipped texts when
// there is neither.
func (in Input) sources() iter.Seq[source] {
	return func(yield func(source) bool) {
		for _, document := range in.Documents {
			if !yield(source{document.Name, document.count}) {
				return
			}
		}
		for _, path := range in.Paths {
			for name, err := range Files(path) {
				if !yield(file(name, err)) {
					return
				}
			}
		}
		if len(in.Documents) == 0 && len(in.Paths) == 0 {
			shipped(yield)
		}
	}
}

func (d Document) count(ctx context.Context) (Counts, error) {
	takes := time.Duration(d.Milliseconds) * time.Millisecond
	if err := cookbook.Sleep(ctx, takes); err != nil {
		return Counts{}, err
	}
	return Words(ctx, strings.NewReader(d.Text))
}

// file returns the source for a file, or for a directory whose listing
// ended with err.
func file(name string, err error) source {
	return source{name, func(ctx context.Context) (Counts, error) {
		if err != nil {
			return Counts{}, err
		}
		return File(ctx, name)
	}}
}

//go:embed texts/*.txt
var texts embed.FS

func shipped(yield func(source) bool) {
	entries, err := texts.ReadDir("texts")
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		count := func(ctx context.Context) (Counts, error) {
			text, err := texts.Open("texts/" + entry.Name())
			if err != nil {
				return Counts{}, err
			}
			defer text.Close()
			return Words(ctx, text)
		}
		if !yield(source{entry.Name(), count}) {
			return
		}
	}
}
