package bot

import (
	"context"
	"sync"
	"time"
)

// Answers counts what people wait for: envelopes that have come in and are not answered yet.
// Work that can wait asks it whether anybody does.
type Answers struct {
	clock func() time.Time
	mu    sync.Mutex
	open  int
	idle  chan struct{} // closed while open is 0
	last  time.Time     // when open became 0 last
}

// NewAnswers makes one that has counted nothing yet.
func NewAnswers(clock func() time.Time) *Answers {
	a := &Answers{clock: clock, idle: make(chan struct{})}
	close(a.idle)
	return a
}

func (a *Answers) begin() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == 0 {
		a.idle = make(chan struct{})
	}
	a.open++
}

func (a *Answers) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open--; a.open == 0 {
		a.last = a.clock()
		close(a.idle)
	}
}

// wait waits until nobody waits for an answer, or ctx ends.
func (a *Answers) wait(ctx context.Context) {
	a.mu.Lock()
	idle := a.idle
	a.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
	}
}

// Since is how long ago the last answer was given; 0: somebody waits for one.
func (a *Answers) Since() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open > 0 {
		return 0
	}
	return a.clock().Sub(a.last)
}

// lull is how long nobody must have waited for an answer before it is quiet: people who type one
// command after the other leave less than that in between.
const lull = 2 * time.Millisecond

// Quiet waits until nobody has waited for an answer for a moment, or ctx ends.
func (a *Answers) Quiet(ctx context.Context) {
	for {
		a.wait(ctx)
		left := lull - a.Since()
		if left <= 0 || !pause(ctx, left) {
			return
		}
	}
}
