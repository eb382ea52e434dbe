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

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/rooms"
)

// TestServe runs examples in virtual time for another program: it reads one
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
	Recipe  string          `json:"recipe"`
	Example string          `json:"example"`
	Input   json.RawMessage `json:"input"`
	// Wrong names a wrong version of the example.
	Wrong string `json:"wrong"`
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
	err := decode(text, &asked)
	var response any
	switch {
	case err != nil:
	case asked.Catalog:
		room := rooms.Rooms[asked.Recipe]
		response = catalog{names(room.Examples), names(room.Wrong)}
	default:
		response, err = answer(t, asked)
	}
	var broken brokenRun
	if errors.As(err, &broken) {
		response = failure{err.Error()}
	} else if err != nil {
		response = refusal{err.Error()}
	}
	return cookbook.Line(response)
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

// answer runs an example. One whose caller waits for ever has a trace
// that says so; goroutines that it leaves behind are a failure.
func answer(t *testing.T, asked request) (any, error) {
	example, err := find(asked.Recipe, asked.Example, asked.Wrong)
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
	return trace{events}, err
}

type trace struct {
	Events []cookbook.Event `json:"events"`
}

// bubble runs body in virtual time. What stays blocked makes a brokenRun. A
// panic of another goroutine ends the program: Go has no way to catch it.
func bubble(t *testing.T, body func()) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = brokenRun{fmt.Errorf("%v", problem)}
		}
	}()
	synctest.Test(t, func(t *testing.T) { body() })
	return nil
}

// A brokenRun says why a run did not come to its end.
type brokenRun struct{ error }
