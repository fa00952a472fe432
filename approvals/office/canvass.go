package office

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
)

// canvass finds out for one request whether enough people could approve it.
type canvass struct {
	judge  func([]sighting) []approvals.Standing // one for each sighting, in that order
	needed int

	mu    sync.Mutex
	seen  []sighting // by id; what the roster knows, and what was found out since
	later bool       // Slack wants to be left alone
}

// enough finds out whether at least needed of the people on the list may decide
// in a channel on what others asked for. Whoever counts on the roster is taken for
// it. The others are looked up now: people who joined the list, and those who
// could not decide when the roster last looked.
func (r *Roster) enough(ctx context.Context, list roll, asked []approvals.Person, ch approvals.Channel, needed int) error {
	c := &canvass{
		judge:  func(seen []sighting) []approvals.Standing { return r.people.standings(seen, asked, ch) },
		needed: needed, seen: r.known(list.ids),
	}
	if c.over() { // nearly always
		return nil
	}
	if err := r.lookUp(ctx, c); err != nil {
		return notKnown(err)
	}
	return tooFew(append(c.judge(c.seen), list.groups...), needed)
}

// lookUp asks about people until enough of them count.
func (r *Roster) lookUp(ctx context.Context, c *canvass) error {
	asking, stop := context.WithCancel(ctx)
	defer stop()
	g := new(errgroup.Group)
	g.SetLimit(lookUpsAtOnce)
	for _, i := range c.worthwhile() {
		g.Go(safely(func() error {
			if !c.over() && r.askAbout(asking, c, i) {
				stop() // the rest need not be asked
			}
			return nil
		}))
	}
	return g.Wait()
}

// askAbout asks about one person and reports whether enough people count now. What it
// learns is kept for whoever wants to know next.
func (r *Roster) askAbout(ctx context.Context, c *canvass, i int) bool {
	id := c.seen[i].id // which nobody changes
	facts, err := r.people.dir.Facts(ctx, id)
	now := sighting{id, facts, err}
	if !now.unknown() {
		r.learn(ctx, now)
	}
	return c.learn(i, now)
}

// worthwhile are the sightings that could come out better now, and not more
// than one request may cost: first those of people of whom nothing is known.
func (c *canvass) worthwhile() []int {
	var open, closed []int
	for i, s := range c.judge(c.seen) {
		switch {
		case s.Undecided():
			open = append(open, i)
		case s.Bar != "" && s.Bar != approvals.IsRequester:
			closed = append(closed, i)
		}
	}
	all := slices.Concat(open, closed)
	return all[:min(len(all), mostLookUps)]
}

// over reports whether nobody else has to be asked about, or may be.
func (c *canvass) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.later || c.reached()
}

// reached reports whether enough people count. The lock is held.
func (c *canvass) reached() bool { return able(c.judge(c.seen)) >= c.needed }

// learn keeps an answer and reports whether enough people count with it. One that
// is none changes nothing of what was known.
func (c *canvass) learn(i int, now sighting) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, is := errors.AsType[*approvals.Later](now.err); is {
		c.later = true
	}
	if c.seen[i].unknown() || !now.unknown() {
		c.seen[i] = now
	}
	return c.reached()
}
