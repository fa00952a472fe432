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

// way is where steps give way to answers: both use the same processors and the same Redis, and
// people wait for answers. While people type and click, steps go one after the other, each at a
// moment when nobody waits.
type way struct {
	answers Answers
	lane    chan struct{}
}

// calm is how long nobody must have been answered before steps need not give way.
const calm = time.Second

// givesWay is how long a step waits for a moment when nobody waits for an answer. Then it goes on
// all the same. Slack takes one message a second in a channel and Defender 100 questions a minute,
// so a dozen steps a second are enough for what a flood leaves behind.
const givesWay = 50 * time.Millisecond

// laneFor is how long a step keeps others from starting: by then it mostly waits for Slack or
// Defender, and uses no processor.
const laneFor = 20 * time.Millisecond

func newWay(a Answers) way { return way{a, make(chan struct{}, 1)} }

// between is how long the worker leaves between two looks at the agenda while people are being
// answered: what becomes due meanwhile is leased together.
const between = givesWay

// space keeps looks at the agenda apart while people are being answered: it waits for looked, which
// receives once the last look is long enough ago, and then for a quiet moment.
func (y way) space(ctx context.Context, looked <-chan time.Time) {
	if y.answers == nil || y.answers.Since() >= between {
		return
	}
	select {
	case <-looked:
	case <-ctx.Done():
	}
	y.quiet(ctx)
}

// quiet waits for a moment when nobody waits for an answer, but not for long.
func (y way) quiet(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, givesWay)
	defer cancel()
	y.answers.Quiet(ctx)
}

// give waits until a step may start; the step calls done at its end.
func (y way) give(ctx context.Context) (done func()) {
	if y.answers == nil || y.answers.Since() >= calm {
		return func() {}
	}
	select {
	case y.lane <- struct{}{}:
	case <-ctx.Done(): // the last stretch of a worker that stops is over: the step finds out by itself
		return func() {}
	}
	y.quiet(ctx)
	leave := sync.OnceFunc(func() { <-y.lane })
	t := time.AfterFunc(laneFor, leave)
	return func() {
		t.Stop()
		leave()
	}
}
