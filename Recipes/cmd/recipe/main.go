// Recipe runs the Go twin of an example in real time, and prints its events
// as JSON lines. Times are microseconds since the run began.
//
//	go run ./cmd/recipe NAME EXAMPLE '{json}'
//
// Swift validates the input and always sends the whole of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"syscall"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/rooms"
)

// Exit codes, as in sysexits.h where it has one.
const (
	success    = 0
	badUsage   = 64
	badOutput  = 74
	brokenPipe = 128 + int(syscall.SIGPIPE)
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(arguments []string, stdout, stderr io.Writer) int {
	if len(arguments) != 3 {
		fmt.Fprintf(stderr, "usage: recipe NAME EXAMPLE '{json}'; NAME is one of %q\n",
			slices.Sorted(maps.Keys(rooms.Rooms)))
		return badUsage
	}
	example, err := find(arguments[0], arguments[1], "")
	if err != nil {
		fmt.Fprintf(stderr, "recipe: %v\n", err)
		return badUsage
	}
	switch err := stream(example, arguments[2], stdout); {
	case err == nil:
		return success
	case errors.Is(err, syscall.EPIPE):
		// Only where SIGPIPE is ignored: otherwise the runtime has
		// ended the program already.
		return brokenPipe
	default:
		fmt.Fprintf(stderr, "recipe: cannot write standard output: %v\n", err)
		return badOutput
	}
}

// find returns an example of a room, or a wrong version of one.
func find(room, example, wrong string) (cookbook.Example, error) {
	examples := rooms.Rooms[room].Examples
	if wrong != "" {
		examples = rooms.Rooms[room].Wrong
		example += "/" + wrong
	}
	found, ok := examples[example]
	if !ok {
		names := slices.Sorted(maps.Keys(examples))
		return found, fmt.Errorf("%s has no example %q, only %q", room, example, names)
	}
	return found, nil
}

// stream runs an example and writes its events as they come. What Go cannot
// survive ends the program as it always does.
func stream(
	example cookbook.Example, input string, stdout io.Writer,
) (broken error) {
	record := cookbook.NewRecorder()
	record.Tell = func(event cookbook.Event) {
		if broken == nil {
			_, broken = stdout.Write(cookbook.Line(event))
		}
	}
	example.Run(context.Background(), []byte(input), record)
	return broken
}
