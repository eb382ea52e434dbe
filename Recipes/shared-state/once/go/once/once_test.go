package once

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// The comparison with Swift, which has no panics, cannot show this.
func TestRunIsHandedOnWhenItPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		o := New(func(context.Context) (int, error) {
			runs++
			time.Sleep(10 * time.Millisecond)
			if runs == 1 {
				panic("no network")
			}
			return runs, nil
		})
		go func() {
			defer func() { _ = recover() }()
			o.Value(t.Context())
		}()
		synctest.Wait()
		if value, err := o.Value(t.Context()); value != 2 || err != nil {
			t.Errorf("%d, %v", value, err)
		}
	})
}
