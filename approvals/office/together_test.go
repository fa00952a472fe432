package office

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTogether: what takes no time is done one behind the other, what takes a moment beside each
// other; a failure ends the rest, and of several the first is told.
func TestTogether(t *testing.T) {
	broken := errors.New("broken")
	takes := func(d time.Duration, err error) func(context.Context) error {
		return func(ctx context.Context) error {
			if d > 0 && !nap(ctx, d) {
				return ctx.Err()
			}
			return err
		}
	}
	tests := []struct {
		name string
		jobs []func(context.Context) error
		took time.Duration
		err  error
	}{
		{"nothing to do", nil, 0, nil},
		{"all remembered", []func(context.Context) error{takes(0, nil), takes(0, nil)}, 0, nil},
		{"beside each other", []func(context.Context) error{takes(time.Second, nil), takes(time.Second, nil), takes(time.Second, nil)}, time.Second + aMoment, nil},
		{"only the last takes time", []func(context.Context) error{takes(0, nil), takes(time.Second, nil)}, time.Second, nil},
		{"one fails", []func(context.Context) error{takes(time.Hour, nil), takes(time.Second, broken)}, time.Second + aMoment, broken},
		{"the first fails", []func(context.Context) error{takes(0, broken), takes(time.Hour, nil)}, 0, broken},
		{"one panics", []func(context.Context) error{takes(time.Hour, nil), func(context.Context) error { panic(broken) }}, aMoment, errors.ErrUnsupported},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := together(t.Context(), tt.jobs...)
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if want := tt.err; (err == nil) != (want == nil) || errors.Is(want, broken) && !errors.Is(err, broken) {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		})
	}
}
