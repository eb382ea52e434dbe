// Bench times the Go originals for `recipe bench`: it reads one request a
// line on standard input and answers each with one line on standard
// output.
package main

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"runtime"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/rooms"
)

type request struct {
	Recipe     string `json:"recipe"`
	Workload   string `json:"workload"`
	Operations int    `json:"operations"`
}

type answer struct {
	Nanoseconds int64  `json:"nanoseconds"`
	Result      int    `json:"result"`
	PeakKiB     int    `json:"peakKiB"`
	Version     string `json:"version"`
	Error       string `json:"error,omitempty"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		os.Stdout.Write(cookbook.Line(respond(lines.Bytes())))
	}
}

func respond(line []byte) answer {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{Error: err.Error()}
	}
	for _, workload := range rooms.Rooms[asked.Recipe].Workloads {
		if workload.Name == asked.Workload {
			return measure(workload, asked.Operations)
		}
	}
	return answer{Error: "no such workload"}
}

func measure(workload cookbook.Workload, operations int) answer {
	// What the last workload left behind is not this one's to collect.
	runtime.GC()
	resetPeak()
	result, elapsed := workload.Measure(operations)
	return answer{
		Nanoseconds: elapsed.Nanoseconds(),
		Result:      result,
		PeakKiB:     peak(),
		Version:     runtime.Version(),
	}
}

// resetPeak makes Linux forget the largest resident set so far; where it
// cannot, peak reports the largest of the whole process.
func resetPeak() {
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

func peak() int {
	kib := cookbook.ProcFile("self/status")("VmHWM")
	if math.IsNaN(kib) {
		return 0
	}
	return int(kib)
}
