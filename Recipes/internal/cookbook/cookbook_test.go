package cookbook

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEventsAreLinesInTheOrderOfRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		record := NewRecorder()
		record.Record("<a>", "start", "é & \"1\"")
		time.Sleep(1500 * time.Microsecond)
		record.Record("b", "end", "")

		var got strings.Builder
		for _, event := range record.Take() {
			got.Write(Line(event))
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
		"\ufffd\xff":    "\ufffd\\xff",
	} {
		if got := Display(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
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
