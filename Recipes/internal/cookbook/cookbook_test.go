package cookbook

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

type sample struct {
	Paths       []string `json:"paths"`
	Workers     int      `json:"workers"`
	CancelAfter *int     `json:"cancelAfter"`
	Sizes       []int    `json:"sizes"`
	Things      []thing  `json:"things"`
}

type thing struct {
	Name string `json:"name"`
	Size int    `json:"size"`
}

func read(name string) ([]byte, error) {
	if name == "good.json" {
		return []byte(" {\"workers\": 7, \"sizes\": [1]}\n"), nil
	}
	return nil, &os.PathError{Op: "open", Path: name, Err: os.ErrNotExist}
}

func TestArguments(t *testing.T) {
	for _, test := range []struct {
		arguments string // separated by spaces
		want      string // the input as JSON, or the error after "!"
	}{
		{"", `{"paths":[],"workers":3,"cancelAfter":null,"sizes":[9],"things":[]}`},
		{"--workers 4 --cancel-after=5 --sizes 1,2", `{"paths":[],"workers":4,"cancelAfter":5,"sizes":[1,2],"things":[]}`},
		{"--sizes [1,2] --sizes=", `{"paths":[],"workers":3,"cancelAfter":null,"sizes":[],"things":[]}`},
		{"--sizes -1,-2", `{"paths":[],"workers":3,"cancelAfter":null,"sizes":[-1,-2],"things":[]}`},
		{"a --paths x,y b -- --workers -", `{"paths":["x","y","a","b","--workers","-"],"workers":3,"cancelAfter":null,"sizes":[9],"things":[]}`},
		{`--things [{"name":"a","size":1}]`, `{"paths":[],"workers":3,"cancelAfter":null,"sizes":[9],"things":[{"name":"a","size":1}]}`},
		{`--workers 1 --input {"workers":2,"cancelAfter":4} --sizes 0`, `{"paths":[],"workers":2,"cancelAfter":4,"sizes":[0],"things":[]}`},
		{`--input @good.json --workers 8`, `{"paths":[],"workers":8,"cancelAfter":null,"sizes":[1],"things":[]}`},
		{`--cancel-after 5 --input={"cancelAfter":null}`, `{"paths":[],"workers":3,"cancelAfter":null,"sizes":[9],"things":[]}`},

		{"--workerz 4", `!unknown flag "--workerz" (did you mean "--workers"?)`},
		{"-w 4", `!unknown flag "-w"`},
		{"--workers", `!--workers needs a value`},
		{"--workers x", `!--workers: "x" is not a whole number`},
		{"--workers=", `!--workers: "" is not a whole number`},
		{"--sizes 1,,2", `!--sizes: "" is not a whole number`},
		{`--sizes [1,"2"]`, `!--sizes: [1]: "2" is not a whole number`},
		{`--sizes [1,2`, `!--sizes: malformed JSON: unexpected end of JSON input`},
		{`--things x`, `!--things: malformed JSON: invalid character 'x' looking for beginning of value`},
		{`--things [{"name":"a"}]`, `!--things: [0]: "size" is missing`},
		{`--input {"Workers":1}`, `!--input: unknown field "Workers" (did you mean "workers"?)`},
		{`--input {"things":[{"name":"a","size":1,"x":2}]}`, `!--input: things[0]: unknown field "x"`},
		{`--input {"workers":1.5}`, `!--input: workers: 1.5 is not a whole number`},
		{`--input {"workers":null}`, `!--input: workers: null is not a whole number`},
		{`--input {"paths":[1]}`, `!--input: paths[0]: 1 is not a string`},
		{`--input []`, `!--input: [] is not an object`},
		{`--input {}{}`, `!--input: malformed JSON: invalid character '{' after top-level value`},
		{`--input @bad.json`, `!--input: cannot read bad.json: open bad.json: file does not exist`},
	} {
		input := &sample{
			Paths: []string{}, Workers: 3, Sizes: []int{9}, Things: []thing{},
		}
		var got string
		err := ParseArguments(strings.Fields(test.arguments), input, read)
		if err != nil {
			got = "!" + err.Error()
		} else {
			text, err := json.Marshal(input)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.arguments, got, test.want)
		}
	}
}

func TestNoFilesWhereThereIsNoPaths(t *testing.T) {
	var input struct {
		Workers int `json:"workers"`
	}
	err := ParseArguments([]string{"--workers", "1", "file"}, &input, read)
	if err == nil || !strings.Contains(err.Error(), `"file"`) {
		t.Errorf("error %v", err)
	}
}

func TestEventsAreLinesInTheOrderOfRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		record := NewRecorder()
		record.Record("<a>", "start", "é & \"1\"")
		time.Sleep(1500 * time.Microsecond)
		record.Record("b", "end", "")

		var got strings.Builder
		for _, event := range record.Take() {
			line, err := Line(event)
			if err != nil {
				t.Fatal(err)
			}
			got.Write(line)
		}
		want := `{"at":0,"lane":"<a>","name":"start","item":"é & \"1\""}
{"at":1500,"lane":"b","name":"end","item":""}
`
		if got.String() != want {
			t.Errorf("got  %s\nwant %s", got.String(), want)
		}
		if again := record.Take(); len(again) != 0 {
			t.Errorf("taken twice: %v", again)
		}
	})
}

func TestDisplay(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"plain é 雨 🍎":   "plain é 雨 🍎",
		"\xff":          `\xff`,
		"a\xe3\x80b":    `a\xe3\x80b`,
		"\xc0\xafé\x80": `\xc0\xafé\x80`,
		"\xed\xa0\x80":  `\xed\xa0\x80`,
		"\ufffd\xff":    "\ufffd\\xff",
	} {
		if got := Display(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"word-count", "bounded-pool", "once"}
	for name, want := range map[string]string{
		"word-cuont":  "word-count",
		"boundedpool": "bounded-pool",
		"onc":         "once",
		"select":      "",
		"":            "",
	} {
		if got, _ := Nearest(name, names); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestSleepEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		if err := Sleep(t.Context(), time.Second); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("took %v, want 1s", took)
		}
	})
}

func TestWorkloadIsTimedFromItsRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work := func(operations int) int {
			time.Sleep(time.Duration(operations) * time.Second)
			return operations
		}
		for _, test := range []struct {
			name     string
			workload Workload
			want     time.Duration
		}{
			{"never", Workload{Run: work}, 3 * time.Second},
			{"not yet", Workload{
				RunFrom: func(operations int, _ *Stopwatch) int {
					return work(operations)
				},
			}, 3 * time.Second},
			{"once", Workload{
				RunFrom: func(operations int, watch *Stopwatch) int {
					time.Sleep(time.Minute)
					watch.Restart()
					return work(operations)
				},
			}, 3 * time.Second},
			{"twice", Workload{
				RunFrom: func(operations int, watch *Stopwatch) int {
					watch.Restart()
					result := work(operations)
					watch.Restart()
					return result
				},
			}, 0},
		} {
			result, elapsed := test.workload.Measure(3)
			if result != 3 || elapsed != test.want {
				t.Errorf("%s: got %d after %v, want 3 after %v",
					test.name, result, elapsed, test.want)
			}
		}
	})
}
