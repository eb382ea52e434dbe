package cookbook

import "time"

// A Workload is a piece of work that both languages do, to be timed.
type Workload struct {
	Name string
	// Run does so many operations, and returns a number that depends on
	// each of them: both languages must return the same. It is timed from
	// its beginning to its end.
	Run func(operations int) int
	// RunFrom stands in the place of Run where something has to be made
	// ready: what it does before it restarts the stopwatch is not timed.
	RunFrom func(operations int, stopwatch *Stopwatch) int
}

// Measure runs the workload, and says what it returned and how long it
// took.
func (w Workload) Measure(operations int) (int, time.Duration) {
	stopwatch := &Stopwatch{time.Now()}
	var result int
	if w.RunFrom != nil {
		result = w.RunFrom(operations, stopwatch)
	} else {
		result = w.Run(operations)
	}
	return result, time.Since(stopwatch.began)
}

// A Stopwatch shows the time since it was made, or last restarted.
type Stopwatch struct{ began time.Time }

// Restart begins again now. It must have happened before the workload
// returns.
func (s *Stopwatch) Restart() { s.began = time.Now() }
