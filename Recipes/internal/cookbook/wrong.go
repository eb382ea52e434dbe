package cookbook

import "iter"

// What follows is wrong on purpose: sequences that pass on what another one
// yields, but not as it does. The comparison must find each.

// GoesOn drops what still comes when its consumer has left.
func GoesOn[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := false
		for value, err := range all {
			left = left || !yield(value, err)
		}
	}
}

// IgnoresError takes an error for the end.
func IgnoresError[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for value, err := range all {
			if err != nil || !yield(value, nil) {
				return
			}
		}
	}
}

// LosesLast looks at the next value before it hands over the last.
func LosesLast[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var held *T
		for value, err := range all {
			if err != nil {
				yield(value, err)
				return
			}
			if held != nil && !yield(*held, nil) {
				return
			}
			held = &value
		}
	}
}

// CollectsFirst yields a value when all are there.
func CollectsFirst[T any](all iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var values []T
		for value, err := range all {
			if err != nil {
				yield(value, err)
				return
			}
			values = append(values, value)
		}
		for _, value := range values {
			if !yield(value, nil) {
				return
			}
		}
	}
}
