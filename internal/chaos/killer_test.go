package chaos_test

import (
	"context"
	"math/rand/v2"
	"time"
)

// The ways to end a process that are not at a named moment of a request.
const (
	anyTime   = "at any time"
	allAtOnce = "all at once"
	asked     = "asked to end (SIGTERM)"
	rolling   = "rolling restart of two (SIGTERM)"
	shortStop = "stopped before the POST for longer than it may wait (SIGSTOP)"
	longStop  = "stopped before the POST until another took over (SIGSTOP)"
)

// deck is a shuffled pile of what to do: every named moment once, and the rest.
func (r *round) deck() []func(context.Context) {
	var deck []func(context.Context)
	for _, m := range moments() {
		deck = append(deck, func(ctx context.Context) { r.killAt(ctx, m) })
	}
	deck = append(deck, r.killAny, r.killAny, r.killAny, r.killAny, r.killAll, r.askOne, r.askOne, r.stopShort)
	if r.plan.replicas > 1 {
		deck = append(deck, r.roll)
	}
	random(r, func(c *rand.Rand) int {
		c.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		return 0
	})
	return deck
}

// kill does what the round is for, until the number of kills is reached.
func (r *round) kill(ctx context.Context) {
	var deck []func(context.Context)
	for r.done() < r.plan.kills && ctx.Err() == nil {
		if len(deck) == 0 {
			deck = r.deck()
		}
		deck[0](ctx)
		deck = deck[1:]
		r.pause(ctx, 0, 400*time.Millisecond)
	}
}

func (r *round) done() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.kills)
}

func (r *round) note(kill string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills = append(r.kills, kill)
}

// reached is how long a named moment is waited for.
const reached = 12 * time.Second

// killAt kills the first process that comes to a moment.
func (r *round) killAt(ctx context.Context, m moment) {
	t := r.gate.set(m.fits)
	select {
	case p := <-t.caught:
		r.killIn(ctx, p.slot, m.name)
		t.goesOn <- m.goesOn
	case <-time.After(reached):
		r.gate.unset(t)
		r.killAny(ctx)
	case <-ctx.Done():
		r.gate.unset(t)
	}
}

// again starts a process in place of one that is gone, at once or after a
// moment.
func (r *round) again(ctx context.Context, s *slot) {
	wait := r.between(0, 5*time.Second) - 3*time.Second
	r.busy.Go(func() {
		if wait > 0 {
			r.pause(ctx, wait, wait+1)
		}
		if err := s.start(); err != nil {
			r.fail("%v", err)
		}
	})
}

// live are slots in which something runs, in any order, and most of them at most.
func (r *round) live(most int) []*slot {
	var found []*slot
	for _, i := range random(r, func(c *rand.Rand) []int { return c.Perm(len(r.slots)) }) {
		if r.slots[i].process() != nil && len(found) < most {
			found = append(found, r.slots[i])
		}
	}
	return found
}

// killIn kills what runs in a slot, if anything does.
func (r *round) killIn(ctx context.Context, s *slot, how string) {
	if p := s.hold(); p != nil {
		p.kill()
		s.release()
		r.note(how)
	}
	r.again(ctx, s)
}

func (r *round) killAny(ctx context.Context) {
	r.pause(ctx, 0, time.Second)
	for _, s := range r.live(1) {
		r.killIn(ctx, s, anyTime)
	}
}

func (r *round) killAll(ctx context.Context) {
	for _, s := range r.live(len(r.slots)) {
		r.killIn(ctx, s, allAtOnce)
	}
}

// askOne asks a process to end while it has work.
func (r *round) askOne(ctx context.Context) {
	for _, s := range r.live(1) {
		r.note(asked)
		r.stop(ctx, s)
		r.again(ctx, s)
	}
}

// roll replaces two processes one after the other, as a new version is rolled
// out.
func (r *round) roll(ctx context.Context) {
	for _, s := range r.live(2) {
		r.note(rolling)
		r.stop(ctx, s)
		if err := s.start(); err != nil {
			r.fail("%v", err)
			return
		}
		r.greeted(ctx, s)
	}
}

// stop asks what runs in a slot to end, once it is at work.
func (r *round) stop(ctx context.Context, s *slot) {
	r.greeted(ctx, s)
	if p := s.hold(); p != nil {
		if err := p.stop(ctx); err != nil {
			r.fail("%v", err)
		}
		s.release()
	}
}

// greeted waits until Slack has greeted what runs in a slot.
func (r *round) greeted(ctx context.Context, s *slot) {
	p := s.process()
	if p == nil {
		return
	}
	select {
	case <-p.greeted:
	case <-p.ended:
	case <-ctx.Done():
	case <-time.After(patience):
		r.fail("process %s was not greeted by Slack in %v", p.name, patience)
	}
}
