package bot

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestQuiet: quiet is when nothing has been answered for a moment; one answer right after
// the other leaves none.
func TestQuiet(t *testing.T) {
	tests := []struct {
		name   string
		before func(a *Answers) // and goes on beside the wait
		quiet  bool
		after  time.Duration
	}{
		{"nothing came yet", func(*Answers) {}, true, 0},
		{"long ago", func(a *Answers) { a.begin(); a.end(); time.Sleep(lull) }, true, 0},
		{"just now", func(a *Answers) { a.begin(); a.end() }, true, lull},
		{"one is being answered", func(a *Answers) { a.begin() }, false, 20 * time.Millisecond},
		{"for some time", func(a *Answers) { a.begin(); time.AfterFunc(5*time.Millisecond, a.end) }, true, 5*time.Millisecond + lull},
		{"one after the other", func(a *Answers) {
			a.begin()
			a.end()
			for at := range 40 {
				time.AfterFunc(time.Duration(at)*time.Millisecond, func() { a.begin(); a.end() })
			}
		}, false, 20 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := NewAnswers(time.Now)
				tt.before(a)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				began := time.Now()
				a.Quiet(ctx)
				if took := time.Since(began); took != tt.after || (ctx.Err() == nil) != tt.quiet {
					t.Errorf("after %v, %v; want after %v", took, ctx.Err(), tt.after)
				}
				time.Sleep(time.Second) // what goes on beside it ends
			})
		})
	}
}
