// Package cookbook holds what every room needs: examples, the stage that they
// are told to, and the events that it records.
package cookbook

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// An Event is one line of a trace.
type Event struct {
	At   int64  `json:"at"` // microseconds since the run began
	Lane string `json:"lane"`
	Name string `json:"name"`
	Item string `json:"item"`
}

// A Recorder collects the events of one run in the order in which they
// were recorded. It is safe for use by several goroutines.
type Recorder struct {
	// Tell is called with each event; nil only collects them.
	Tell  func(Event)
	start time.Time

	mu     sync.Mutex
	events []Event
}

// NewRecorder returns a recorder whose run begins now.
func NewRecorder() *Recorder {
	return &Recorder{start: time.Now(), events: []Event{}}
}

// Record adds an event that happens now.
func (r *Recorder) Record(lane, name, item string) {
	r.RecordAs(lane, name, item, func() {})
}

// RecordAs adds an event that happens now, and lets it happen. No other event
// is recorded before happen returns.
func (r *Recorder) RecordAs(lane, name, item string, happen func()) {
	// The time is read under the lock: otherwise an event could stand
	// behind a later one.
	r.mu.Lock()
	defer r.mu.Unlock()
	defer happen()
	event := Event{time.Since(r.start).Microseconds(), lane, name, item}
	r.events = append(r.events, event)
	if r.Tell != nil {
		r.Tell(event)
	}
}

// Events returns what has been recorded so far.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Line returns value as one line of JSON, with its line feed. It panics if
// value has no JSON.
func Line(value any) []byte {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	// json.Marshal would write <, > and & as escapes.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return line.Bytes()
}
