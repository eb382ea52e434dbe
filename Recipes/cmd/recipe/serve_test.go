package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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

// A response has the events of a run, or says why there are none: an Error
// where a request cannot be run, a Failure where a run did not come to its end.
// To a catalog it has what a room has.
type response struct {
	Events   []cookbook.Event `json:"events,omitzero"`
	Error    string           `json:"error,omitzero"`
	Failure  string           `json:"failure,omitzero"`
	Examples []string         `json:"examples,omitzero"`
	Wrong    []string         `json:"wrong,omitzero"`
}

func serve(t *testing.T, in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 1<<16)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			if _, err := out.Write(cookbook.Line(respond(t, line))); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func respond(t *testing.T, line []byte) response {
	var asked request
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return response{Error: fmt.Sprintf("malformed request: %v", err)}
	}
	if asked.Catalog {
		room := rooms.Rooms[asked.Recipe]
		return response{Examples: names(room.Examples), Wrong: names(room.Wrong)}
	}
	example, err := find(asked.Recipe, asked.Example, asked.Wrong)
	if err != nil {
		return response{Error: err.Error()}
	}
	var record *cookbook.Recorder
	run := func() {
		record = cookbook.NewRecorder()
		example.Run(context.Background(), asked.Input, record)
	}
	if asked.Real {
		run()
	} else {
		err = bubble(t, run)
	}
	events := record.Events()
	if err == nil {
		return response{Events: events}
	}
	// One whose caller waits for ever has a trace that says so; goroutines
	// that it leaves behind are a failure.
	if !slices.ContainsFunc(events, cookbook.Event.EndsCaller) {
		return response{Events: append(events, cookbook.Waiting(events))}
	}
	return response{Failure: err.Error()}
}

// names returns [] where there are none, which JSON would omit.
func names(examples map[string]cookbook.Example) []string {
	return append([]string{}, slices.Sorted(maps.Keys(examples))...)
}

// bubble runs body in virtual time. What stays blocked is an error. A panic of
// another goroutine ends the program: Go has no way to catch it.
func bubble(t *testing.T, body func()) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("%v", problem)
		}
	}()
	synctest.Test(t, func(t *testing.T) { body() })
	return nil
}
