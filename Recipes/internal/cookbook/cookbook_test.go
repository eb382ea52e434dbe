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
		for _, event := range record.Events() {
			got.Write(Line(event))
		}
		want := `{"at":0,"lane":"<a>","name":"start","item":"é & \"1\""}
{"at":1500,"lane":"b","name":"end","item":""}
`
		if got.String() != want {
			t.Errorf("got  %s\nwant %s", got.String(), want)
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

func TestPreparationIsNotTimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		workload := Workload{
			Prepare: func() { time.Sleep(time.Minute) },
			Run: func(operations int) int {
				time.Sleep(time.Duration(operations) * time.Second)
				return operations
			},
		}
		result, elapsed := workload.Measure(3)
		if result != 3 || elapsed != 3*time.Second {
			t.Errorf("got %d after %v, want 3 after 3s", result, elapsed)
		}
	})
}

func TestDelayOfMost(t *testing.T) {
	for percent, want := range []time.Duration{0: 1, 50: 2, 99: 2, 100: 7} {
		workload := Workload{Percent: percent, Delays: func(int) []time.Duration {
			return []time.Duration{7, 1, 2}
		}}
		count, all := workload.Measure(3)
		if want > 0 && (count != 3 || all != 3*want) {
			t.Errorf("%d %% of %d: got %d, want 3 of %d", percent, count, all, want)
		}
	}
}
