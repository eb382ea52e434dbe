package cookbook

import (
	"context"
	"io"
	"math"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Detectors measure how many of so many leaks each detector sees, as "by
// DETECTOR" too, and how many it does not, as "not by DETECTOR". The figure
// clean is how many mended twins there are, less what any has against one. What
// sees no leak is NaN, for tables.
func Detectors(input string, leak, mended Example) Measurement {
	return func(count int) map[string]float64 {
		all := float64(count)
		figures := map[string]float64{"clean": all}
		for _, reports := range seen(mended, input, count) {
			if !math.IsNaN(reports) {
				figures["clean"] -= reports
			}
		}
		for detector, reports := range seen(leak, input, count) {
			figures["by "+detector] = reports
			figures["not by "+detector] = all - reports
			if reports == 0 {
				reports = math.NaN()
			}
			figures[detector] = reports
		}
		return figures
	}
}

// patience is how long what ends is waited for.
const patience = time.Second

func seen(example Example, input string, count int) map[string]float64 {
	run := func() {
		example.Run(context.Background(), []byte(input), NewRecorder())
	}
	figures := map[string]float64{"synctest": 0, "synctest hangs": 0}
	before := runtime.NumGoroutine()
	for range count {
		go run()
	}
	left := count
	for end := time.Now().Add(patience); left > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		left = runtime.NumGoroutine() - before
	}
	figures["NumGoroutine"] = float64(left)

	figures["goroutineleak"] = math.NaN()
	if profile := pprof.Lookup("goroutineleak"); profile != nil { // Go 1.27
		_ = profile.WriteTo(io.Discard, 2) // looks for leaks
		figures["goroutineleak"] = float64(profile.Count())
	}

	for range count {
		reported := make(chan bool, 1)
		go func() { reported <- isReported(run) }()
		select {
		case <-time.After(patience):
			figures["synctest hangs"]++
		case yes := <-reported:
			if yes {
				figures["synctest"]++
			}
		}
	}
	return figures
}

// isReported says whether a test of body in virtual time fails.
func isReported(body func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	synctest.Test(aTest(), func(*testing.T) { body() })
	return false
}

var tests = make(chan *testing.T)

// aTest returns a test that never ends, which a program outside of "go test"
// has to start.
var aTest = sync.OnceValue(func() *testing.T {
	all := []testing.InternalTest{{Name: "detectors", F: func(t *testing.T) {
		tests <- t
		<-tests
	}}}
	every := func(_, _ string) (bool, error) { return true, nil }
	go testing.Main(every, all, nil, nil)
	return <-tests
})
