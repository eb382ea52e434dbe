// Measure runs one measurement of a recipe and prints its figures as JSON;
// null stands for what this system does not tell. Without arguments it prints
// the version of Go.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"

	"concurrencycookbook/internal/rooms"
)

func main() {
	if len(os.Args) == 1 {
		fmt.Println(runtime.Version())
		return
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("usage: measure RECIPE MEASUREMENT COUNT")
	}
	measurement, ok := rooms.Rooms[arguments[0]].Measurements[arguments[1]]
	if !ok {
		return fmt.Errorf("%s has no measurement %q", arguments[0], arguments[1])
	}
	count, err := strconv.Atoi(arguments[2])
	if err != nil || count < 1 {
		return fmt.Errorf("%q is no count", arguments[2])
	}
	figures := make(map[string]any)
	for name, value := range measurement(count) {
		figures[name] = value
		if math.IsNaN(value) {
			figures[name] = nil
		}
	}
	return json.NewEncoder(os.Stdout).Encode(figures)
}
