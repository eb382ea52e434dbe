package cookbook

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A taken is what this process takes from the system at one moment, in bytes.
// Linux says it; on other systems all is NaN.
type taken struct {
	resident, reserved, threads float64
	// What the kernel itself holds for all processes: stacks of threads, page
	// tables, and objects that it cannot give back.
	kernel float64
}

func footprint() taken {
	status, memory := ProcFile("self/status"), ProcFile("meminfo")
	return taken{
		resident: status("VmRSS") * 1024,
		reserved: status("VmSize") * 1024,
		kernel: (memory("KernelStack") + memory("PageTables") +
			memory("SUnreclaim")) * 1024,
		threads: status("Threads"),
	}
}

// FootprintOfEach starts count things, waits until all are there, and returns
// what each of them takes: memory in bytes, the same with the kernel's,
// addresses that are reserved, and microseconds. Threads are all there are.
func FootprintOfEach(
	count int, start func(), areThere func() bool,
) map[string]float64 {
	settle()
	before, began := footprint(), time.Now()
	start()
	for !areThere() {
		time.Sleep(100 * time.Microsecond)
	}
	took := time.Since(began)
	settle()
	after, each := footprint(), float64(count)
	bytes := (after.resident - before.resident) / each
	return map[string]float64{
		"bytes":             bytes,
		"with the kernel's": bytes + (after.kernel-before.kernel)/each,
		"reserved":          (after.reserved - before.reserved) / each,
		"microseconds":      float64(took.Microseconds()) / each,
		"threads":           after.threads,
	}
}

// FootprintOfWaiting measures goroutines that wait in body, each once, and how
// many were released at the end.
func FootprintOfWaiting(body func(wait func())) Measurement {
	return func(count int) map[string]float64 {
		release(min(count, 100), body) // what starts once is no goroutine's cost
		return release(count, body)
	}
}

func release(count int, body func(wait func())) map[string]float64 {
	gate := make(chan struct{})
	var wg sync.WaitGroup
	var arrived, released atomic.Int64
	start := func() {
		for range count {
			wg.Go(func() {
				body(func() {
					arrived.Add(1)
					<-gate
				})
				released.Add(1)
			})
		}
	}
	figures := FootprintOfEach(count, start, func() bool {
		return arrived.Load() == int64(count)
	})
	close(gate)
	wg.Wait()
	figures["released"] = float64(released.Load())
	return figures
}

// settle collects, and gives back what is free. Each collection halves a
// stack of which less than a quarter is in use.
func settle() {
	for range 4 {
		runtime.GC()
	}
	debug.FreeOSMemory()
}

// ProcFile reads a file below /proc with a name and a number on each line.
// A number that is not there is NaN.
func ProcFile(path string) func(name string) float64 {
	values := make(map[string]float64)
	text, _ := os.ReadFile("/proc/" + path)
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if words := strings.Fields(rest); len(words) > 0 {
			if value, err := strconv.ParseFloat(words[0], 64); err == nil {
				values[name] = value
			}
		}
	}
	return func(name string) float64 {
		if value, ok := values[name]; ok {
			return value
		}
		return math.NaN()
	}
}
