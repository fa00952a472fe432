package due

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
)

// lateness is how long after its due time each thing was done, of those that are due at once
// and of those that are spread.
type lateness struct{ once, spread side.Sample }

// load is what is planned in each round.
type load struct {
	each   int           // how many at once, and how many spread
	gap    time.Duration // between the former and the latter
	spread time.Duration // from the first of the latter to the last
	slack  time.Duration // from the due time of the last until none is waited for any more
}

// measureLateness measures all engines in turn, round after round. Those that look seldom run
// beside each other: that takes less time, and a busy machine does not show there.
func measureLateness(ctx context.Context, lab *side.Lab, all []engine, rounds int) ([][]lateness, error) {
	l := side.Pick(lab,
		load{each: 200, gap: 2 * time.Second, spread: 6 * time.Second, slack: 20 * time.Second},
		load{each: 10, gap: 500 * time.Millisecond, spread: 500 * time.Millisecond, slack: 20 * time.Second})
	found := make([][]lateness, len(all))
	for round := range rounds {
		lab.Say("due: round %d of %d", round+1, rounds)
		g, together := errgroup.WithContext(ctx)
		for i, e := range all {
			one := func(ctx context.Context) error {
				late, err := e.lateness(ctx, lab, l, uint64(round)) //nolint:gosec // a small number
				found[i] = append(found[i], late)
				return err
			}
			if e.coarse || lab.Quick {
				g.Go(func() error { return one(together) })
				continue
			}
			if err := one(ctx); err != nil {
				return nil, err
			}
		}
		if err := g.Wait(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (e engine) lateness(ctx context.Context, lab *side.Lab, l load, round uint64) (late lateness, err error) {
	err = e.onStage(ctx, lab, func(s stage, _ *side.Program) error {
		due, err := s.plan(ctx, l.times(time.Now().Add(e.lead), round))
		if err != nil {
			return err
		}
		done, err := awaited(ctx, s, due, l.slack)
		if err != nil {
			return err
		}
		late = lateness{once: lateBy(due[:l.each], done), spread: lateBy(due[l.each:], done)}
		return nil
	})
	return late, err
}

// times are those that are due at once, on a whole second, and then those that are spread at
// random: the same for every engine in a round.
func (l load) times(from time.Time, round uint64) []time.Time {
	random := rand.New(rand.NewPCG(14, round)) //nolint:gosec // it spreads, and keeps no secret
	once := wholeSecond(from)
	at := make([]time.Time, 0, 2*l.each)
	for range l.each {
		at = append(at, once)
	}
	for range l.each {
		at = append(at, once.Add(l.gap+time.Duration(random.Int64N(int64(l.spread)))))
	}
	return at
}

// wholeSecond is the first whole second that is not before t.
func wholeSecond(t time.Time) time.Time {
	return t.Add(time.Second - 1).Truncate(time.Second)
}

// awaited is when each was done, once all are. The store is not asked before all are due.
func awaited(ctx context.Context, s stage, due []appointment, slack time.Duration) (map[job]time.Time, error) {
	last := due[0].at
	for _, a := range due {
		if a.at.After(last) {
			last = a.at
		}
	}
	if first := time.Until(due[0].at); first < 0 {
		return nil, fmt.Errorf("the first was due %v before all were planned", -first)
	}
	if err := rest(ctx, time.Until(last)+500*time.Millisecond); err != nil {
		return nil, err
	}
	var done map[job]time.Time
	left := 0
	err := eventually(ctx, slack, func(ctx context.Context) (bool, error) {
		var err error
		done, err = s.done(ctx)
		left = missing(due, done)
		return left == 0, err
	})
	if err != nil {
		return nil, fmt.Errorf("%d of %d were not done: %w", left, len(due), err)
	}
	return done, nil
}

func missing(due []appointment, done map[job]time.Time) (n int) {
	for _, a := range due {
		if _, is := done[a.job]; !is {
			n++
		}
	}
	return n
}

// lateBy is how long after its due time each was done.
func lateBy(due []appointment, done map[job]time.Time) side.Sample {
	late := make(side.Sample, len(due))
	for i, a := range due {
		late[i] = done[a.job].Sub(a.at)
	}
	return late
}
