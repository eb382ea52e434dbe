package main

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"slices"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/rooms"
)

// findExample returns an example of a room, or a wrong version of one.
func findExample(room, example, wrong string) (cookbook.Example, error) {
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

// runExample runs an example in real time and writes its events as they
// come. What Go cannot survive ends the program as it always does.
func runExample(room string, arguments []string, out *bufio.Writer) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: recipe %s EXAMPLE '{json}'", room)
	}
	example, err := findExample(room, arguments[0], "")
	if err != nil {
		return err
	}
	record := cookbook.NewRecorder()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		example.Run(context.Background(), []byte(arguments[1]), record)
	}()
	for isOver := false; !isOver; {
		select {
		case <-record.More():
		case <-ended:
			isOver = true
		}
		for _, event := range record.Take() {
			if err := write(out, event); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	return nil
}
