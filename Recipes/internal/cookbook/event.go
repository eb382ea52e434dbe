// Package cookbook holds what every room needs: examples, the stage that they
// are told to, and the events that it records.
package cookbook

import (
	"bytes"
	"encoding/json"
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
	start time.Time
	more  chan struct{}

	mu     sync.Mutex
	events []Event
}

// NewRecorder returns a recorder whose run begins now.
func NewRecorder() *Recorder {
	return &Recorder{start: time.Now(), more: make(chan struct{}, 1)}
}

// Record adds an event that happens now.
func (r *Recorder) Record(lane, name, item string) {
	// The time is read under the lock: otherwise an event could stand
	// behind a later one.
	r.mu.Lock()
	at := time.Since(r.start).Microseconds()
	r.events = append(r.events, Event{at, lane, name, item})
	r.mu.Unlock()

	select {
	case r.more <- struct{}{}:
	default:
	}
}

// More holds a value when events may be there to take.
func (r *Recorder) More() <-chan struct{} { return r.more }

// Take removes the events recorded so far and returns them.
func (r *Recorder) Take() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	if events == nil {
		return []Event{} // in JSON a list, not null
	}
	return events
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
