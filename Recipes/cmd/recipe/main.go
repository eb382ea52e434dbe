// Recipe runs the Go originals of the cookbook's recipes.
//
//	go run ./cmd/recipe NAME EXAMPLE '{json}'
//	go run ./cmd/recipe NAME [--field value …] [FILE …]
//
// The first form is that of examples; Swift validates and always sends the
// whole input.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"concurrencycookbook/internal/cookbook"
	"concurrencycookbook/internal/rooms"
)

// Exit codes, as in sysexits.h where it has one.
const (
	success     = 0
	hasProblems = 1
	badUsage    = 64
	badOutput   = 74
	brokenPipe  = 128 + int(syscall.SIGPIPE)
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(arguments []string, stdout, stderr io.Writer) int {
	out := bufio.NewWriter(stdout)
	code, err := dispatch(arguments, out, stderr)
	if err == nil {
		err = out.Flush()
	}
	switch {
	case err == nil:
		return code
	case errors.Is(err, syscall.EPIPE):
		// Only where SIGPIPE is ignored: otherwise the runtime has
		// ended the program already.
		return brokenPipe
	default:
		fmt.Fprintf(stderr, "recipe: cannot write standard output: %v\n",
			cookbook.Reason(err))
		return badOutput
	}
}

// dispatch returns an error only for output that cannot be written.
func dispatch(
	arguments []string, out *bufio.Writer, stderr io.Writer,
) (int, error) {
	refuse := func(err error) (int, error) {
		fmt.Fprintf(stderr, "recipe: %v\n", err)
		return badUsage, nil
	}
	command := "list"
	if len(arguments) > 0 {
		command = arguments[0]
		arguments = arguments[1:]
	}
	switch command {
	case "list":
		if len(arguments) > 0 {
			return refuse(fmt.Errorf("unexpected argument %q: "+
				"list takes none", arguments[0]))
		}
		return success, list(out)
	case "help", "-h", "--help":
		switch len(arguments) {
		case 0:
			return success, help(out)
		case 1:
			recipe, err := find(arguments[0])
			if err != nil {
				return refuse(err)
			}
			return success, helpWith(recipe, out)
		default:
			return refuse(fmt.Errorf("unexpected argument %q: "+
				"help takes the name of one recipe", arguments[1]))
		}
	}

	if _, ok := rooms.Rooms[command]; ok {
		if err := runExample(command, arguments, out); err != nil {
			return refuse(err)
		}
		return success, nil
	}
	recipe, err := find(command)
	if err != nil {
		return refuse(err)
	}
	if asksForHelp(arguments) {
		return success, helpWith(recipe, out)
	}
	input := recipe.demo.Defaults()
	err = cookbook.ParseArguments(arguments, input, os.ReadFile)
	if err != nil {
		return refuse(err)
	}
	outcome, err := stream(recipe.demo, input, out)
	if errors.Is(err, cookbook.ErrBadInput) {
		return refuse(err)
	} else if err != nil {
		return success, err
	}
	troubled, ok := outcome.(cookbook.Troubled)
	if !ok {
		return success, nil
	}
	problems := troubled.Problems()
	for _, problem := range problems {
		fmt.Fprintf(stderr, "recipe: %s\n", problem)
	}
	if len(problems) > 0 {
		return hasProblems, nil
	}
	return success, nil
}

// stream runs the demo and writes its events as they come.
func stream(
	demo cookbook.Demo, input any, out *bufio.Writer,
) (any, error) {
	type result struct {
		outcome any
		err     error
	}
	record := cookbook.NewRecorder()
	ended := make(chan result, 1)
	go func() {
		outcome, err := demo.Run(context.Background(), input, record)
		ended <- result{outcome, err}
	}()

	// The demo records into memory, and this goroutine writes: a slow
	// terminal does not slow down what is being shown. When writing
	// fails, the program ends, and the demo with it.
	for {
		var end *result
		select {
		case <-record.More():
		case r := <-ended:
			end = &r
		}
		for _, event := range record.Take() {
			if err := write(out, event); err != nil {
				return nil, err
			}
		}
		if err := out.Flush(); err != nil {
			return nil, err
		}
		if end == nil {
			continue
		}
		if end.err != nil {
			return nil, end.err
		}
		err := write(out, cookbook.Ending{Outcome: end.outcome})
		if err != nil {
			return nil, err
		}
		return end.outcome, out.Flush()
	}
}

func write(out io.Writer, value any) error {
	line, err := cookbook.Line(value)
	if err != nil {
		return err
	}
	_, err = out.Write(line)
	return err
}

func list(out io.Writer) error {
	chapter := ""
	for _, recipe := range recipes {
		if recipe.chapter != chapter {
			chapter = recipe.chapter
			if _, err := fmt.Fprintln(out, chapter); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintf(out, "  %-20s %s\n",
			recipe.name, recipe.demo.Summary)
		if err != nil {
			return err
		}
	}
	return nil
}

func help(out io.Writer) error {
	_, err := io.WriteString(out, `usage: recipe NAME [--field value …] [FILE …]
       recipe list
       recipe help [NAME]

Runs the Go original of a recipe's demo and prints its events, then its
outcome, as JSON lines. Times are microseconds since the run began.

  --field value       sets a field of the input; also --field=value;
                      arrays are comma separated or JSON
  --input '{…}'       sets fields by a JSON object
  --input @file.json  the same from a file; later flags override
  --                  ends the flags

Exit codes: 0 well; 1 the outcome reports a problem; 64 bad usage;
74 standard output cannot be written.
`)
	return err
}

func helpWith(recipe recipe, out io.Writer) error {
	_, err := fmt.Fprintf(out, "%s: %s\n\nfields and their defaults:\n",
		recipe.name, recipe.demo.Summary)
	if err != nil {
		return err
	}
	for _, line := range cookbook.Flags(recipe.demo.Defaults()) {
		if _, err := fmt.Fprintf(out, "  %s\n", line); err != nil {
			return err
		}
	}
	return nil
}

// asksForHelp looks only at arguments before "--".
func asksForHelp(arguments []string) bool {
	if end := slices.Index(arguments, "--"); end >= 0 {
		arguments = arguments[:end]
	}
	return slices.Contains(arguments, "-h") ||
		slices.Contains(arguments, "--help")
}
