package cookbook

// A Workload is a piece of work that both languages do, to be timed.
type Workload struct {
	Name string
	// Run does so many operations, and returns a number that depends on
	// each of them: both languages must return the same.
	Run func(operations int) int
}
