// Package selecting shows select with a number of cases that is known
// only when the program runs.
//
// The statement itself needs no package; its rules are in the
// specification, "Select statements"
// (https://go.dev/ref/spec#Select_statements). For cases in a slice the
// standard library has reflect.Select.
package selecting

import (
	"context"
	"reflect"
	"time"
)

// A Case is one case of a Select: a send, a receive, a timeout, or, as
// its zero value, a default.
type Case struct {
	SendTo      chan<- int
	Value       int
	ReceiveFrom <-chan int
	Timeout     time.Duration
}

// Select waits until one of the cases can proceed and performs it. Where
// several can, it chooses one of them uniformly at random. It returns the
// index of the case, and for a receive what was received.
//
// When ctx is done first, it returns its error.
func Select(
	ctx context.Context, cases []Case,
) (index, value int, ok bool, err error) {
	branches := make([]reflect.SelectCase, 0, len(cases)+1)
	hasDefault := false
	for _, one := range cases {
		branch := reflect.SelectCase{}
		switch {
		case one.SendTo != nil:
			branch.Dir = reflect.SelectSend
			branch.Chan = reflect.ValueOf(one.SendTo)
			branch.Send = reflect.ValueOf(one.Value)
		case one.ReceiveFrom != nil:
			branch.Dir = reflect.SelectRecv
			branch.Chan = reflect.ValueOf(one.ReceiveFrom)
		case one.Timeout > 0:
			timer := time.NewTimer(one.Timeout)
			defer timer.Stop()
			branch.Dir = reflect.SelectRecv
			branch.Chan = reflect.ValueOf(timer.C)
		default:
			hasDefault = true
			branch.Dir = reflect.SelectDefault
		}
		branches = append(branches, branch)
	}
	if !hasDefault {
		branches = append(branches, reflect.SelectCase{
			Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done()),
		})
	}
	index, received, ok := reflect.Select(branches)
	if index == len(cases) {
		return index, 0, false, ctx.Err()
	}
	if ok && cases[index].ReceiveFrom != nil {
		value = int(received.Int())
	}
	return index, value, ok, nil
}

// FirstOf receives from whichever of two channels is ready first, or
// gives up after d. It is the form that one writes by hand.
func FirstOf[T any](a, b <-chan T, d time.Duration) (T, bool) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case value := <-a:
		return value, true
	case value := <-b:
		return value, true
	case <-timer.C:
		var zero T
		return zero, false
	}
}
