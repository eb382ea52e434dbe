package contextcancellation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"concurrencycookbook/internal/cookbook"
)

// Input is what the demo can be told.
type Input struct {
	Nodes       []Node `json:"nodes"`
	CancelAfter *int   `json:"cancelAfter"` // milliseconds
}

// A Node is a scope in the tree, with work of its own.
type Node struct {
	Parent       *int    `json:"parent"` // absent for the caller's own
	Kind         string  `json:"kind"`
	Milliseconds int     `json:"milliseconds"` // what the kind wants
	Delay        int     `json:"delay"`        // before it starts
	Work         int     `json:"work"`
	Value        *string `json:"value"`
}

func defaults() Input {
	child := func(parent int, kind string, ms, delay, work int) Node {
		return Node{&parent, kind, ms, delay, work, nil}
	}
	request, audit := "request 7", "audit"
	nodes := []Node{
		{nil, "plain", 0, 0, 60, &request},
		child(0, "timeout", 40, 0, 30),
		child(1, "plain", 0, 10, 15),
		child(0, "timeout", 25, 0, 50),
		child(3, "timeout", 60, 0, 50),
		child(4, "plain", 0, 0, 10),
		child(0, "cancel", 35, 0, 50),
		child(6, "deadline", 45, 5, 60),
		child(0, "deadline", 45, 20, 20),
	}
	nodes[7].Value = &audit
	return Input{Nodes: nodes}
}

const (
	mostNodes        = 1000
	mostMilliseconds = 86_400_000_000
)

// Validate says which field is out of its bounds.
func (in Input) Validate() error {
	if len(in.Nodes) > mostNodes {
		return fmt.Errorf("nodes must be at most %d, not %d",
			mostNodes, len(in.Nodes))
	}
	for i, node := range in.Nodes {
		if err := node.validate(i); err != nil {
			return err
		}
	}
	if in.CancelAfter != nil {
		return cookbook.Between(
			*in.CancelAfter, 0, mostMilliseconds, "cancelAfter")
	}
	return nil
}

func (n Node) validate(index int) error {
	if n.Parent != nil && (*n.Parent < 0 || *n.Parent >= index) {
		return fmt.Errorf("nodes[%d].parent must be the index of "+
			"an earlier node, not %d", index, *n.Parent)
	}
	least := 0
	switch n.Kind {
	case "plain", "cancel":
	case "timeout", "deadline":
		least = -mostMilliseconds
	default:
		return fmt.Errorf("nodes[%d].kind must be plain, cancel, "+
			"timeout or deadline, not %s", index, n.Kind)
	}
	for _, field := range []struct {
		name         string
		value, least int
	}{
		{"milliseconds", n.Milliseconds, least},
		{"delay", n.Delay, 0},
		{"work", n.Work, 0},
	} {
		err := cookbook.Between(field.value, field.least, mostMilliseconds,
			"nodes[%d].%s", index, field.name)
		if err != nil {
			return err
		}
	}
	return nil
}

// Outcome says how each node ended, by index.
type Outcome struct {
	Cancelled        []int  `json:"cancelled"`
	DeadlineExceeded []int  `json:"deadlineExceeded"`
	Ended            []int  `json:"ended"`
	Error            string `json:"error,omitempty"`
	Skipped          []int  `json:"skipped"`
}

// Scopes is the functions of this package, so that others can be put in
// their place.
type Scopes struct {
	WithCancel func(
		context.Context,
		func(context.Context, context.CancelFunc) error,
	) error
	WithTimeout func(
		context.Context, time.Duration, func(context.Context) error,
	) error
	WithDeadline func(
		context.Context, time.Time, func(context.Context) error,
	) error
	WithRequest func(context.Context, string) context.Context
}

// Original is the functions of this package.
var Original = Scopes{WithCancel, WithTimeout, WithDeadline, WithRequest}

// Demo returns the demo around scopes.
func Demo(scopes Scopes) cookbook.Demo {
	return cookbook.NewDemo(
		"a tree of scopes: cancelled, timed out, or left alone",
		defaults,
		func(
			ctx context.Context, in Input, record *cookbook.Recorder,
		) (Outcome, error) {
			return run(ctx, scopes, in, record), nil
		})
}

func run(
	ctx context.Context, scopes Scopes, in Input, record *cookbook.Recorder,
) Outcome {
	t := &tree{
		scopes: scopes, nodes: in.Nodes, record: record, begin: time.Now(),
		children: make(map[int][]int),
		ends: map[string][]int{
			"cancelled": {}, "deadlineExceeded": {}, "end": {}, "skipped": {},
		},
	}
	for i, node := range in.Nodes {
		parent := caller
		if node.Parent != nil {
			parent = *node.Parent
		}
		t.children[parent] = append(t.children[parent], i)
	}

	var err error
	all := func(ctx context.Context) error {
		t.start(ctx, caller).Wait()
		err = ctx.Err()
		return nil
	}
	if in.CancelAfter == nil {
		all(ctx)
	} else {
		t.cancelLater(ctx, "caller", *in.CancelAfter, all)
	}
	record.Record("caller", "return", "")

	for _, indices := range t.ends {
		slices.Sort(indices)
	}
	outcome := Outcome{
		Cancelled:        t.ends["cancelled"],
		DeadlineExceeded: t.ends["deadlineExceeded"],
		Ended:            t.ends["end"],
		Skipped:          t.ends["skipped"],
	}
	if err != nil {
		outcome.Error = "cancelled"
	}
	return outcome
}

type tree struct {
	scopes   Scopes
	nodes    []Node
	children map[int][]int // in order
	record   *cookbook.Recorder
	begin    time.Time

	mu   sync.Mutex
	ends map[string][]int
}

// caller is the parent of the nodes that have none.
const caller = -1

func milliseconds(n int) time.Duration {
	return time.Duration(n) * time.Millisecond
}

// start starts the children of a node.
func (t *tree) start(ctx context.Context, parent int) *sync.WaitGroup {
	var wg sync.WaitGroup
	for _, child := range t.children[parent] {
		wg.Go(func() { t.node(ctx, child) })
	}
	return &wg
}

// #region node
func (t *tree) node(ctx context.Context, index int) {
	node := t.nodes[index]
	lane := "node " + strconv.Itoa(index)
	if Pause(ctx, milliseconds(node.Delay)) != nil {
		t.end(index, lane, "skipped", "")
		return
	}
	if node.Value != nil {
		ctx = t.scopes.WithRequest(ctx, *node.Value)
	}
	work := func(ctx context.Context) error {
		return t.inside(ctx, index, lane)
	}
	var err error
	switch d := milliseconds(node.Milliseconds); node.Kind {
	case "plain":
		err = work(ctx)
	case "cancel":
		err = t.cancelLater(ctx, lane, node.Milliseconds, work)
	case "timeout":
		err = t.scopes.WithTimeout(ctx, d, work)
	case "deadline":
		err = t.scopes.WithDeadline(ctx, t.begin.Add(d), work)
	}
	t.record.Record(lane, "leave", kind(err))
}

// inside does what a node does under its own context.
func (t *tree) inside(ctx context.Context, index int, lane string) error {
	deadline := "none"
	if at, ok := ctx.Deadline(); ok {
		deadline = strconv.FormatInt(at.Sub(t.begin).Milliseconds(), 10)
	}
	value, ok := Request(ctx)
	if !ok {
		value = "none"
	}
	t.record.Record(lane, "start", deadline)
	t.record.Record(lane, "sees", value)
	children := t.start(ctx, index)

	err := Pause(ctx, milliseconds(t.nodes[index].Work))
	switch {
	case err == nil:
		t.end(index, lane, "end", deadline)
	case errors.Is(err, context.DeadlineExceeded):
		t.end(index, lane, "deadlineExceeded", deadline)
	default:
		t.end(index, lane, "cancelled", deadline)
	}
	children.Wait()
	return err
}

// #endregion

// end records how a node ended.
func (t *tree) end(index int, lane, how, item string) {
	t.mu.Lock()
	t.ends[how] = append(t.ends[how], index)
	t.mu.Unlock()
	t.record.Record(lane, how, item)
}

// kind says what came of a node's scope.
func kind(err error) string {
	var own *DeadlineError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &own):
		return "own deadline"
	default:
		return "interrupted"
	}
}

// cancelLater calls work with a context that is cancelled after some
// milliseconds.
func (t *tree) cancelLater(
	ctx context.Context, lane string, after int,
	work func(context.Context) error,
) error {
	return t.scopes.WithCancel(ctx,
		func(ctx context.Context, cancel context.CancelFunc) error {
			done := make(chan struct{})
			timer := time.AfterFunc(milliseconds(after), func() {
				defer close(done)
				t.record.Record(lane, "cancel", "")
				cancel()
			})
			defer func() {
				if !timer.Stop() {
					<-done // it must not record after the end
				}
			}()
			return work(ctx)
		})
}
