package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"concurrencycookbook/channels/channel"
	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/mutants"
	"concurrencycookbook/internal/rooms"
	contextcancellation "concurrencycookbook/lifetimes/context-cancellation"
	"concurrencycookbook/lifetimes/errgroup"
	"concurrencycookbook/patterns/backpressure"
	fanoutfanin "concurrencycookbook/patterns/fan-out-fan-in"
	"concurrencycookbook/patterns/pipeline"
	"concurrencycookbook/patterns/semaphore"
)

// TestServe runs demos in virtual time for another program: it reads one
// request a line on standard input, and answers each with one line on
// standard output. It is a test because synctest wants one; compiled
// once, by go test -c, it serves thousands of requests a second.
func TestServe(t *testing.T) {
	if os.Getenv("COOKBOOK_SERVE") != "1" {
		t.Skip("serves only when COOKBOOK_SERVE=1")
	}
	if err := serve(t, os.Stdin, os.Stdout); err != nil {
		t.Fatal(err)
	}
}

type request struct {
	Recipe string          `json:"recipe"`
	Input  json.RawMessage `json:"input"`
	Mutant string          `json:"mutant"`
	// Example names an example of a room, Wrong a wrong version of it.
	Example string `json:"example"`
	Wrong   string `json:"wrong"`
	// Real asks for a run in real time, on as many threads as there are.
	Real bool `json:"real"`
	// Catalog asks what a room has, and for no run.
	Catalog bool `json:"catalog"`
}

// A catalog names what a room has.
type catalog struct {
	Examples []string `json:"examples"`
	Wrong    []string `json:"wrong"`
}

// names returns [] where there are none, which JSON would call null.
func names(examples map[string]cookbook.Example) []string {
	return append([]string{}, slices.Sorted(maps.Keys(examples))...)
}

// A refusal answers a request that cannot be run.
type refusal struct {
	Error string `json:"error"`
}

// A failure answers a request whose run did not come to its end.
type failure struct {
	Failure string `json:"failure"`
}

func serve(t *testing.T, in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 1<<16)
	writer := bufio.NewWriterSize(out, 1<<16)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if _, err := writer.Write(respond(t, line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return writer.Flush()
		} else if err != nil {
			return err
		}
		// Part of a line may be there already whose rest is sent only
		// after this answer has been read.
		waiting, _ := reader.Peek(reader.Buffered())
		if bytes.IndexByte(waiting, '\n') < 0 {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
	}
}

func respond(t *testing.T, text []byte) []byte {
	var asked request
	var response any
	var trace any
	err := decode(text, &asked)
	switch {
	case err != nil:
	case asked.Catalog:
		room := rooms.Rooms[asked.Recipe]
		trace = catalog{names(room.Examples), names(room.Wrong)}
	case asked.Example != "":
		trace, err = answerExample(t, asked)
	default:
		trace, err = answer(t, asked)
	}
	var broken brokenRun
	if errors.As(err, &broken) {
		response = failure{err.Error()}
	} else if err != nil {
		response = refusal{err.Error()}
	} else {
		response = trace
	}
	line, err := cookbook.Line(response)
	if err != nil {
		panic(err)
	}
	return line
}

func decode(text []byte, asked *request) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(asked); err != nil {
		return fmt.Errorf("malformed request: %w", err)
	}
	if rest, _ := io.ReadAll(decoder.Buffered()); len(bytes.TrimSpace(rest)) > 0 {
		return fmt.Errorf("malformed request: more than one value on a line")
	}
	return nil
}

// answerExample runs an example. One whose caller waits for ever has a trace
// that says so; goroutines that it leaves behind are a failure.
func answerExample(t *testing.T, asked request) (any, error) {
	example, err := findExample(asked.Recipe, asked.Example, asked.Wrong)
	if err != nil {
		return nil, err
	}
	record := cookbook.NewRecorder()
	if asked.Real {
		example.Run(context.Background(), asked.Input, record)
	} else {
		err = bubble(t, func() {
			record = cookbook.NewRecorder()
			example.Run(context.Background(), asked.Input, record)
		})
	}
	events := record.Take()
	if err != nil && !slices.ContainsFunc(events, cookbook.Event.EndsCaller) {
		events, err = append(events, cookbook.Waiting(events)), nil
	}
	return exampleTrace{events}, err
}

type exampleTrace struct {
	Events []cookbook.Event `json:"events"`
}

// bubble runs body in virtual time. What stays blocked makes a brokenRun.
func bubble(t *testing.T, body func()) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = brokenRun{fmt.Errorf("%v", problem)}
		}
	}()
	synctest.Test(t, func(t *testing.T) { body() })
	return nil
}

func answer(t *testing.T, asked request) (cookbook.Trace, error) {
	recipe, err := find(asked.Recipe)
	if err != nil {
		return cookbook.Trace{}, err
	}
	demo := recipe.demo
	if asked.Mutant != "" {
		if demo, err = mutate(asked.Recipe, asked.Mutant); err != nil {
			return cookbook.Trace{}, err
		}
	}
	input := demo.Defaults()
	if len(asked.Input) > 0 {
		if err := cookbook.Decode(asked.Input, input); err != nil {
			return cookbook.Trace{}, err
		}
	}
	return simulate(t, demo, input)
}

func mutate(recipe, mutant string) (cookbook.Demo, error) {
	switch recipe {
	case "backpressure":
		return pick(mutants.Backpressure, mutant, backpressure.Demo)
	case "channel":
		return pick(mutants.Channel, mutant, channel.Demo)
	case "context-cancellation":
		return pick(
			mutants.ContextCancellation, mutant, contextcancellation.Demo)
	case "errgroup":
		return pick(mutants.Errgroup, mutant, errgroup.Demo)
	case "fan-out-fan-in":
		return pick(mutants.FanOutFanIn, mutant, fanoutfanin.Demo)
	case "pipeline":
		return pick(mutants.Pipeline, mutant, pipeline.Demo)
	case "semaphore":
		return pick(mutants.Semaphore, mutant, semaphore.Demo)
	default:
		return cookbook.Demo{}, fmt.Errorf("%s has no mutants", recipe)
	}
}

// pick returns the demo around the named one of a recipe's mutants.
func pick[M any](
	all map[string]M, name string, demo func(M) cookbook.Demo,
) (cookbook.Demo, error) {
	mutant, ok := all[name]
	if !ok {
		names := slices.Sorted(maps.Keys(all))
		return cookbook.Demo{}, cookbook.Unknown("mutant", name, names)
	}
	return demo(mutant), nil
}

// endOfTime is shortly before synctest's clock, in nanoseconds since
// 1970, cannot go on.
var endOfTime = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)

// A brokenRun says why a run did not come to its end.
type brokenRun struct{ error }

// simulate runs the demo in virtual time. A deadlock, a goroutine that
// stays blocked after the end, and a panic of the demo's own goroutine
// make a brokenRun. A panic of another goroutine ends the program: Go has
// no way to catch it.
func simulate(
	t *testing.T, demo cookbook.Demo, input any,
) (trace cookbook.Trace, err error) {
	var record *cookbook.Recorder
	var late bool
	defer func() {
		// A deadlock is a panic of synctest.Test.
		if problem := recover(); problem != nil {
			err = brokenRun{fmt.Errorf("%v", problem)}
		}
		if err == nil && late {
			err = fmt.Errorf("the run goes beyond the year 2261, " +
				"where virtual time ends")
		}
		if err != nil {
			trace = cookbook.Trace{}
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		// Caught here, since the testing package would end the program.
		defer func() {
			if problem := recover(); problem != nil {
				err = brokenRun{fmt.Errorf("panic: %v", problem)}
			}
		}()
		record = cookbook.NewRecorder()
		trace.Outcome, err = demo.Run(context.Background(), input, record)
		late = time.Now().After(endOfTime)
	})
	// synctest.Test returns after every goroutine has ended, and those
	// that outlived the run may have recorded something.
	trace.Events = record.Take()
	return trace, err
}
