package office

import (
	"context"
	"sync"
	"time"
)

// Answers are what people wait for: commands, clicks and forms that are not acknowledged yet.
type Answers interface {
	// Since is how long ago the last one was given; 0: somebody waits for one.
	Since() time.Duration
	// Quiet waits until nobody has waited for one for a moment, or ctx ends.
	Quiet(ctx context.Context)
}

// way is where steps give way to answers: both use the same processor and the same Redis, and
// a person waits for the one. While people type and click, steps go one behind the other, each
// in a moment in which nobody waits.
type way struct {
	answers Answers
	lane    chan struct{}
}

// calm is for how long nobody was answered when steps need not give way.
const calm = time.Second

// givesWay is how long a step waits for a moment in which nobody waits for an answer. What is
// due goes on all the same: Slack takes one message a second in a channel and Defender 100
// questions a minute, so that a few steps a second are enough for what a flood leaves.
const givesWay = 50 * time.Millisecond

// laneFor is how long a step keeps others from starting: after that it waits for Slack or
// Defender, and uses nothing up.
const laneFor = 20 * time.Millisecond

func newWay(a Answers) way { return way{a, make(chan struct{}, 1)} }

// give waits until a step may start; the step calls done at its end.
func (y way) give(ctx context.Context) (done func()) {
	if y.answers == nil || y.answers.Since() >= calm {
		return func() {}
	}
	y.lane <- struct{}{}
	quiet, cancel := context.WithTimeout(ctx, givesWay)
	defer cancel()
	y.answers.Quiet(quiet)
	leave := sync.OnceFunc(func() { <-y.lane })
	t := time.AfterFunc(laneFor, leave)
	return func() {
		t.Stop()
		leave()
	}
}
