package office

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// asked is answers of which the last was given some time ago.
type asked struct {
	since time.Duration
	quiet time.Duration // until it is quiet
}

func (a asked) Since() time.Duration { return a.since }

func (a asked) Quiet(ctx context.Context) { nap(ctx, a.quiet) }

// TestWay: while people are answered, steps go one behind the other, each in a quiet moment or
// after a while; one that takes long lets the next one start; in calm times all go at once.
func TestWay(t *testing.T) {
	tests := []struct {
		name    string
		answers Answers
		takes   time.Duration
		starts  [3]time.Duration // of three steps that are due at the same time
	}{
		{"nobody is answered", nil, time.Millisecond, [3]time.Duration{}},
		{"calm", asked{calm, time.Hour}, time.Hour, [3]time.Duration{}},
		{"a quiet moment", asked{0, 0}, 5 * time.Millisecond, [3]time.Duration{0, 5 * time.Millisecond, 10 * time.Millisecond}},
		{"waits for one", asked{0, 3 * time.Millisecond}, 5 * time.Millisecond, [3]time.Duration{3 * time.Millisecond, 11 * time.Millisecond, 19 * time.Millisecond}},
		{"a flood", asked{0, time.Hour}, 0, [3]time.Duration{givesWay, 2 * givesWay, 3 * givesWay}},
		{"a step that waits for Slack", asked{time.Millisecond, 0}, time.Hour, [3]time.Duration{0, laneFor, 2 * laneFor}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y, began := newWay(tt.answers), time.Now()
				var steps sync.WaitGroup
				started := make(chan time.Duration, len(tt.starts))
				for range tt.starts {
					steps.Go(func() {
						done := y.give(t.Context())
						defer done()
						started <- time.Since(began)
						nap(t.Context(), tt.takes)
					})
				}
				for i, want := range tt.starts {
					if got := <-started; got != want {
						t.Errorf("step %d started after %v, want %v", i, got, want)
					}
				}
				steps.Wait()
			})
		})
	}
}

// TestWaySpace: while people are answered, the agenda is looked at again after a while, at a quiet
// moment; else at once.
func TestWaySpace(t *testing.T) {
	tests := []struct {
		name    string
		answers Answers
		worked  time.Duration // since the last look
		waits   time.Duration
	}{
		{"nobody is answered", nil, 0, 0},
		{"somebody was, a while ago", asked{between, time.Hour}, 0, 0},
		{"somebody just was", asked{0, 3 * time.Millisecond}, 0, between + 3*time.Millisecond},
		{"the last look is a while ago", asked{between - 1, 3 * time.Millisecond}, between, 3 * time.Millisecond},
		{"a flood", asked{0, time.Hour}, 0, between + givesWay},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				y, looked := newWay(tt.answers), time.After(between)
				nap(t.Context(), tt.worked)
				began := time.Now()
				y.space(t.Context(), looked)
				if got := time.Since(began); got != tt.waits {
					t.Errorf("waited %v, want %v", got, tt.waits)
				}
			})
		})
	}
}
