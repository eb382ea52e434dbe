package main

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
)

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		arguments []string
		code      int
		out, err  string // parts of what is written
	}{
		{[]string{"bounded-pool", "map", `{"workers":1,"jobs":[2,1]}`}, 0,
			`"name":"say","item":"[0,1]"}`, ""},
		{[]string{"bounded-pool", "map",
			`{"workers":1,"jobs":[0],"failing":[0]}`}, 0,
			`"name":"throw","item":"job 0 failed"}`, ""},
		{nil, 64, "", `NAME is one of ["a-million-tasks" "`},
		{[]string{"bounded-pool", "map"}, 64, "", "usage: recipe NAME"},
		{[]string{"bounded-pool", "nap", "{}"}, 64, "",
			`recipe: bounded-pool has no example "nap", only ["as-they-come"`},
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
	example := []string{"bounded-pool", "map", `{"workers":1,"jobs":[1]}`}
	var stderr bytes.Buffer
	code := run(example, brokenWriter{syscall.ENOSPC}, &stderr)
	want := "recipe: cannot write standard output: no space left on device\n"
	if code != 74 || stderr.String() != want {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
	stderr.Reset()
	code = run(example, brokenWriter{syscall.EPIPE}, &stderr)
	if code != 141 || stderr.Len() > 0 {
		t.Errorf("exit code %d, %s", code, &stderr)
	}
}

func TestServeAnswersEveryLine(t *testing.T) {
	requests, want := []string{
		`{"recipe":"bounded-pool","example":"as-they-come","input":{"workers":1,"jobs":[3]}}`,
		``,
		`{"recipe":"bounded-pool"`,
		`{"recipe":"nap","example":"map","wrong":"nap"}`,
		`{"recipe":"bounded-pool","catalog":true}`,
		`{"recipe":"once","example":"recursion","input":{}}`,
		`{"recipe":"bounded-pool","example":"for-each","input":{"workers":1,"jobs":[5,5],"failing":[0]}}`,
	}, []string{
		`{"events":[{"at":0,"lane":"job 0","name":"start","item":""},{"at":3000,"lane":"job 0","name":"end","item":""},{"at":3000,"lane":"caller","name":"say","item":"0"},{"at":3000,"lane":"caller","name":"return","item":""}]}`,
		`{"error":"malformed request: EOF"}`,
		`{"error":"malformed request: unexpected EOF"}`,
		`{"error":"nap has no example \"map/nap\", only []"}`,
		`{"examples":["as-they-come","for-each","map","plain"],"wrong":["for-each/keepsGoing","for-each/oneWorkerTooMany","for-each/returnsEarly","map/lostResult"]}`,
		`{"events":[{"at":0,"lane":"caller","name":"wait","item":""}]}`,
		`{"events":[{"at":0,"lane":"job 0","name":"start","item":""},{"at":5000,"lane":"job 0","name":"fail","item":""},{"at":5000,"lane":"caller","name":"throw","item":"job 0 failed"}]}`,
	}
	var out bytes.Buffer
	in := strings.NewReader(strings.Join(requests, "\n"))
	if err := serve(t, in, &out); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	for i, answer := range answers {
		if answer != want[i] {
			t.Errorf("%s\n got %s\nwant %s", requests[i], answer, want[i])
		}
	}
}

func TestWhatStaysBlockedIsAFailure(t *testing.T) {
	for _, test := range []struct {
		body func()
		want string
	}{
		{func() { <-make(chan int) }, "all goroutines in bubble are blocked"},
		{func() { go func() { <-make(chan int) }() }, "blocked goroutines remain"},
	} {
		err := bubble(t, test.body)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}
