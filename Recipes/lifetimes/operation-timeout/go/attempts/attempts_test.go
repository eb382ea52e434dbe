package attempts

import "testing"

func TestErrors(t *testing.T) {
	if errs := new(OutOfTime).Unwrap(); len(errs) != 1 {
		t.Errorf("wraps %v", errs)
	}
	defer func() {
		if recover() == nil {
			t.Error("an operation without an attempt")
		}
	}()
	_, _ = Do[int](t.Context(), 0, 0, 0, nil, nil)
}
