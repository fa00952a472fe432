package window

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderbot/defender"
)

// limiter decides for one simulation.
type limiter interface {
	// ask asks for the call that is next in line. Either it may leave now, and answered is to be
	// called when its answer is in; or it may not, and it is asked again at a later time.
	ask(ctx context.Context) (answered func(context.Context) error, again time.Time, err error)
}

// clock is the time of a simulation, to the millisecond, for the limiter and for its Redis.
type clock struct {
	now   time.Time
	redis *miniredis.Miniredis
}

// set moves the time on; it never goes back.
func (c *clock) set(to time.Time) {
	if to.After(c.now) {
		c.now = to
	}
	c.redis.SetTime(c.now)
}

// demand is when calls are wanted: bursts at random moments, each of half to twice what one of
// the limits allows.
func demand(rng *rand.Rand, limits []defender.Limit, from time.Time, length time.Duration, bursts int) []time.Time {
	var wanted []time.Time
	for range bursts {
		at := from.Add(time.Duration(rng.Int64N(int64(length))).Truncate(time.Millisecond))
		most := limits[rng.IntN(len(limits))].Calls
		for range most/2 + rng.IntN(3*most/2+1) {
			wanted = append(wanted, at)
		}
	}
	slices.SortFunc(wanted, time.Time.Compare)
	return wanted
}

// The network of a simulation.
const (
	longest = 5 * time.Second // from a decision to the arrival at the server
	back    = time.Second     // from there to the answer
)

// landing is a call whose answer is under way.
type landing struct {
	at       time.Time
	answered func(context.Context) error
}

// day is a simulation: those who want calls, one limiter, and a network.
type day struct {
	clock    *clock
	rng      *rand.Rand
	wanted   []time.Time   // not asked for yet
	line     []time.Time   // since when those wait that are
	waited   time.Duration // by all who have left
	again    time.Time     // when the limiter is asked again
	flights  []landing
	arrivals []time.Time
}

// run simulates until a moment and returns when calls arrived at the server, in order.
func (d *day) run(ctx context.Context, l limiter, until time.Time) ([]time.Time, error) {
	for d.clock.now.Before(until) {
		if err := d.land(ctx); err != nil {
			return nil, err
		}
		for len(d.wanted) > 0 && !d.wanted[0].After(d.clock.now) {
			d.wanted, d.line = d.wanted[1:], append(d.line, d.wanted[0])
		}
		if err := d.leave(ctx, l); err != nil {
			return nil, err
		}
		d.clock.set(d.next(until))
	}
	slices.SortFunc(d.arrivals, time.Time.Compare)
	return d.arrivals, ctx.Err()
}

// leave lets go what may, one after the other.
func (d *day) leave(ctx context.Context, l limiter) error {
	for len(d.line) > 0 && !d.again.After(d.clock.now) {
		answered, again, err := l.ask(ctx)
		if err != nil {
			return err
		}
		if answered == nil {
			d.again = again.Add(time.Millisecond - 1).Truncate(time.Millisecond) // not before
			continue
		}
		arrives := d.clock.now.Add(d.upTo(longest))
		d.arrivals = append(d.arrivals, arrives)
		d.flights = append(d.flights, landing{arrives.Add(d.upTo(back)), answered})
		d.waited += d.clock.now.Sub(d.line[0])
		d.line = d.line[1:]
	}
	return nil
}

func (d *day) upTo(most time.Duration) time.Duration {
	return time.Duration(d.rng.Int64N(int64(most))).Truncate(time.Millisecond)
}

// land hands over the answers that are in.
func (d *day) land(ctx context.Context) error {
	var failed error
	d.flights = slices.DeleteFunc(d.flights, func(f landing) bool {
		if failed != nil || f.at.After(d.clock.now) {
			return false
		}
		failed = f.answered(ctx)
		return true
	})
	return failed
}

// next is when something happens again.
func (d *day) next(until time.Time) time.Time {
	next := until
	sooner := func(at time.Time) {
		if at.Before(next) {
			next = at
		}
	}
	if len(d.line) > 0 {
		sooner(d.again)
	}
	if len(d.wanted) > 0 {
		sooner(d.wanted[0])
	}
	for _, f := range d.flights {
		sooner(f.at)
	}
	return next
}
