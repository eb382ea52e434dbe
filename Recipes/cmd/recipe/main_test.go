package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"concurrencycookbook/internal/cookbook"
)

func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("b a b"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		arguments []string
		code      int
		out, err  string // parts of what is written
	}{
		{nil, 0, "\n  word-count ", ""},
		{[]string{"list"}, 0, "patterns\n  word-count ", ""},
		{[]string{"help"}, 0, "usage: recipe", ""},
		{[]string{"--help"}, 0, "usage: recipe", ""},
		{[]string{"help", "errgroup"}, 0, "--cancel-after", ""},
		{[]string{"errgroup", "-h"}, 0, "--cancel-after", ""},
		{[]string{"bounded-pool", "map", `{"workers":1,"jobs":[2,1]}`}, 0,
			`"name":"say","item":"[0,1]"}`, ""},
		{[]string{"bounded-pool", "map",
			`{"workers":1,"jobs":[0],"failing":[0]}`}, 0,
			`"name":"throw","item":"job 0 failed"}`, ""},
		{[]string{"word-count", "--top", "1", file}, 0,
			`"top":[{"count":2,"word":"b"}],"words":3}}`, ""},
		{[]string{"word-count"}, 0, `"files":4`, ""},
		{[]string{"word-count", file, "/nowhere"}, 1, `"files":1`,
			"recipe: cannot read /nowhere: no such file or directory\n"},

		{[]string{"list", "x"}, 64, "", `recipe: unexpected argument "x"`},
		{[]string{"help", "x"}, 64, "", `recipe: unknown recipe "x"`},
		{[]string{"word-cuont"}, 64, "", `did you mean "word-count"?`},
		{[]string{"bounded-pool"}, 64, "",
			"recipe: usage: recipe bounded-pool EXAMPLE '{json}'\n"},
		{[]string{"bounded-pool", "nap", "{}"}, 64, "",
			`recipe: bounded-pool has no example "nap", only ["as-they-come"`},
		{[]string{"word-count", "--top", "-1"}, 64, "",
			"recipe: top must be between 0 and 1000000, not -1\n"},
	} {
		t.Run(strings.Join(test.arguments, " "), func(t *testing.T) {
			var out, err bytes.Buffer
			code := run(test.arguments, &out, &err)
			if code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if !strings.Contains(out.String(), test.out) ||
				(test.out == "") != (out.Len() == 0) {
				t.Errorf("output %s\nwants %s", &out, test.out)
			}
			if !strings.Contains(err.String(), test.err) ||
				(test.err == "") != (err.Len() == 0) {
				t.Errorf("errors %s\nwant %s", &err, test.err)
			}
		})
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, arguments := range [][]string{
		{"list"}, {"help"}, {"help", "word-count"}, {"word-count"},
	} {
		var stderr bytes.Buffer
		code := run(arguments, brokenWriter{syscall.ENOSPC}, &stderr)
		want := "recipe: cannot write standard output: " +
			"no space left on device\n"
		if code != 74 || stderr.String() != want {
			t.Errorf("%v: exit code %d, %s", arguments, code, &stderr)
		}
		stderr.Reset()
		code = run(arguments, brokenWriter{syscall.EPIPE}, &stderr)
		if code != 141 || stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, %s", arguments, code, &stderr)
		}
	}
}

func TestChaptersStandTogetherAndNamesDiffer(t *testing.T) {
	seen := make(map[string]bool)
	chapter := ""
	for _, recipe := range recipes {
		if recipe.chapter != chapter {
			chapter = recipe.chapter
			if seen["chapter "+chapter] {
				t.Errorf("chapter %s is in two places", chapter)
			}
			seen["chapter "+chapter] = true
		}
		if seen[recipe.name] {
			t.Errorf("%s is there twice", recipe.name)
		}
		seen[recipe.name] = true
		source := filepath.Join("..", "..", chapter, recipe.name, "demo.go")
		if _, err := os.Stat(source); err != nil {
			t.Error(err)
		}
	}
}

// ask serves the requests and returns the answers.
func ask(t *testing.T, requests ...string) []string {
	t.Helper()
	var out bytes.Buffer
	in := strings.NewReader(strings.Join(requests, "\n"))
	if err := serve(t, in, &out); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	return answers
}

func TestServeAnswersEveryLine(t *testing.T) {
	requests, want := []string{
		`{"recipe":"bounded-pool","example":"as-they-come","input":{"workers":1,"jobs":[3]}}`,
		`{"recipe":"semaphore","input":{"permits":-1}}`,
		``,
		`{"recipe":"bounded-pool"`,
		`{"recipe":"bounded-pool"} {}`,
		`{"recipe":"nap","example":"map","wrong":"nap"}`,
		`{"recipe":"bounded-pool","catalog":true}`,
		`{"recipe":"nothing-like-it"}`,
		`{"recipe":"word-count","mutant":"oneWorkerTooMany"}`,
		`{"recipe":"bounded-pool","example":"for-each","input":{"workers":1,"jobs":[5,5],"failing":[0]}}`,
		`{"recipe":"word-count","input":{"documents":[{"name":"<d>","text":"a b a","milliseconds":4}]}}`,
	}, []string{
		`{"events":[{"at":0,"lane":"job 0","name":"start","item":""},{"at":3000,"lane":"job 0","name":"end","item":""},{"at":3000,"lane":"caller","name":"say","item":"0"},{"at":3000,"lane":"caller","name":"return","item":""}]}`,
		`{"error":"permits must be between 1 and 1024, not -1"}`,
		`{"error":"malformed request: EOF"}`,
		`{"error":"malformed request: unexpected EOF"}`,
		`{"error":"malformed request: more than one value on a line"}`,
		`{"error":"nap has no example \"map/nap\", only []"}`,
		`{"examples":["as-they-come","for-each","map","plain"],"wrong":["for-each/jobRunTwice","for-each/keepsGoing","for-each/oneWorkerTooMany","for-each/returnsEarly","map/lostResult"]}`,
		`{"error":"unknown recipe \"nothing-like-it\""}`,
		`{"error":"word-count has no mutants"}`,
		`{"events":[{"at":0,"lane":"job 0","name":"start","item":""},{"at":5000,"lane":"job 0","name":"fail","item":""},{"at":5000,"lane":"caller","name":"throw","item":"job 0 failed"}]}`,
		`{"events":[{"at":0,"lane":"<d>","name":"open","item":""},{"at":4000,"lane":"<d>","name":"close","item":"3"},{"at":4000,"lane":"caller","name":"return","item":""}],"outcome":{"bytes":5,"distinct":2,"failures":[],"files":1,"top":[{"count":2,"word":"a"},{"count":1,"word":"b"}],"words":3}}`,
	}
	for i, answer := range ask(t, requests...) {
		if answer != want[i] {
			t.Errorf("%s\n got %s\nwant %s", requests[i], answer, want[i])
		}
	}
}

func TestServeAnswersBeforeItReadsOn(t *testing.T) {
	requests, send := io.Pipe()
	receive, answers := io.Pipe()
	go func() {
		answers.CloseWithError(serve(t, requests, answers))
	}()
	from := json.NewDecoder(receive)
	for range 3 {
		// The beginning of the next request comes with the first.
		fmt.Fprint(send, "{\"recipe\":\"x\"}\n{\"recipe\"")
		var answer refusal
		if err := from.Decode(&answer); err != nil || answer.Error == "" {
			t.Fatalf("answer %v, %v", answer, err)
		}
		fmt.Fprint(send, ":\"y\"}\n")
		if err := from.Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	send.Close()
	if _, err := receive.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("error %v, want %v", err, io.EOF)
	}
}

type nothing struct{}

func (nothing) Validate() error { return nil }

func TestSimulationReportsWhatWentWrong(t *testing.T) {
	type run = func(context.Context, nothing, *cookbook.Recorder) (int, error)
	for _, test := range []struct {
		name string
		run  run
		want string
	}{
		{"error", func(context.Context, nothing, *cookbook.Recorder) (int, error) {
			return 0, errors.New("no luck")
		}, "no luck"},
		{"panic", func(context.Context, nothing, *cookbook.Recorder) (int, error) {
			panic("ouch")
		}, "panic: ouch"},
		{"deadlock", func(context.Context, nothing, *cookbook.Recorder) (int, error) {
			return <-make(chan int), nil
		}, "all goroutines in bubble are blocked"},
		{"leak", func(context.Context, nothing, *cookbook.Recorder) (int, error) {
			block := make(chan int)
			go func() { block <- 1 }()
			return 0, nil
		}, "blocked goroutines remain"},
	} {
		t.Run(test.name, func(t *testing.T) {
			demo := cookbook.NewDemo("", func() nothing { return nothing{} },
				test.run)
			trace, err := simulate(t, demo, demo.Defaults())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %s", err, test.want)
			}
			if trace.Outcome != nil || trace.Events != nil {
				t.Errorf("a trace of a broken run: %v", trace)
			}
		})
	}
	// What was left behind must not disturb what comes next.
	if answer := ask(t, `{"recipe":"word-count"}`)[0]; !strings.HasPrefix(
		answer, `{"events":[`) {
		t.Error(answer)
	}
}

func TestOutcomesHaveTheirKeysInOrder(t *testing.T) {
	for _, request := range []string{
		`{"recipe":"errgroup"}`,
		`{"recipe":"word-count","input":{"paths":["/nowhere"],` +
			`"documents":[{"name":"a","text":"<b>","milliseconds":0}]}}`,
	} {
		var trace struct {
			Outcome json.RawMessage `json:"outcome"`
		}
		if err := json.Unmarshal([]byte(ask(t, request)[0]), &trace); err != nil {
			t.Fatal(err)
		}
		var value any // whose objects are maps, written in order of keys
		if err := json.Unmarshal(trace.Outcome, &value); err != nil {
			t.Fatal(err)
		}
		want, err := cookbook.Line(value)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(trace.Outcome) + "\n"; got != string(want) {
			t.Errorf("got  %swant %s", got, want)
		}
	}
}
