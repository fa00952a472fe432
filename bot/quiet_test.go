package bot

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// TestQuiet: quiet is when nothing has been answered for a moment; one answer right after
// the other leaves none.
func TestQuiet(t *testing.T) {
	tests := []struct {
		name   string
		before func(b *Bot) // and goes on beside the wait
		quiet  bool
		after  time.Duration
	}{
		{"nothing came yet", func(*Bot) {}, true, 0},
		{"long ago", func(b *Bot) { b.begin(); b.end(); time.Sleep(lull) }, true, 0},
		{"just now", func(b *Bot) { b.begin(); b.end() }, true, lull},
		{"one is being answered", func(b *Bot) { b.begin() }, false, 20 * time.Millisecond},
		{"for some time", func(b *Bot) { b.begin(); time.AfterFunc(5*time.Millisecond, b.end) }, true, 5*time.Millisecond + lull},
		{"one after the other", func(b *Bot) {
			b.begin()
			b.end()
			for at := range 40 {
				time.AfterFunc(time.Duration(at)*time.Millisecond, func() { b.begin(); b.end() })
			}
		}, false, 20 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(Config{Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
				tt.before(b)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				defer cancel()
				began := time.Now()
				quiet := b.Quiet(ctx)
				if took := time.Since(began); quiet != tt.quiet || took != tt.after {
					t.Errorf("%v after %v, want %v after %v", quiet, took, tt.quiet, tt.after)
				}
				time.Sleep(time.Second) // what goes on beside it ends
			})
		})
	}
}
