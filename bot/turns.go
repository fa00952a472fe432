package bot

import (
	"context"
	"sync"
	"time"

	"defenderbot/approvals"
)

// gap is how far apart messages in one channel are: Slack takes one a second
// (https://docs.slack.dev/apis/web-api/rate-limits#rtm-posting-messages), and the
// rest is for the way there, which does not always take equally long.
const gap = time.Second + 20*time.Millisecond

// turns gives all who have something to post or to change in a channel their
// turn, one after the other, in the order in which they came. Without it, each
// would find out by being refused.
type turns struct {
	clock func() time.Time
	mu    sync.Mutex
	lanes map[string]*lane // by channel
}

// lane is the line before one channel.
type lane struct {
	last  time.Time            // when somebody's turn was
	by    string               // whose
	free  time.Time            // the first time that nobody waits for
	held  time.Time            // Slack wants to be left alone until then
	slots map[string]time.Time // whose turn is when
}

func newTurns(clock func() time.Time) *turns {
	return &turns{clock: clock, lanes: map[string]*lane{}}
}

// wait waits for the turn of a request in a channel. If that takes a second or
// more it does not wait but says for how long, with a *[approvals.Later], and
// keeps the turn.
func (t *turns) wait(ctx context.Context, channel, request string) error {
	left := t.take(channel, request)
	if left >= time.Second {
		return &approvals.Later{After: left}
	}
	if left > 0 && !pause(ctx, left) {
		return ctx.Err()
	}
	return nil
}

// take says how long it is to a turn. Below a second, the turn is taken.
func (t *turns) take(channel, request string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	l := t.lane(channel, now)
	at, waits := l.slots[request]
	if !waits {
		at = later(l.free, now)
		l.free = at.Add(gap)
	}
	at = later(later(at, l.held), later(l.last.Add(gap), now)) // somebody may have come late to their turn
	if left := at.Sub(now); left >= time.Second {
		l.slots[request] = at
		return left
	}
	delete(l.slots, request)
	l.last, l.by, l.free = at, request, later(l.free, at.Add(gap))
	return at.Sub(now)
}

// giveBack gives the last turn in a channel, if it was that of a request, to whoever
// comes next: Slack refused what it was for, so nothing was posted. A card that
// cannot be changed must not take the turn of its reply every time.
func (t *turns) giveBack(channel, request string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lane(channel, t.clock())
	if l.by != request {
		return
	}
	l.by = ""
	if l.free.Equal(l.last.Add(gap)) { // nobody stands in line
		l.free = l.last
	}
	l.last = l.last.Add(-gap)
}

// hold keeps everybody from a channel for a while, because Slack said so. The
// request that was refused goes first afterwards.
func (t *turns) hold(channel, request string, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.clock()
	l := t.lane(channel, now)
	first := l.free
	for _, at := range l.slots {
		if at.Before(first) {
			first = at
		}
	}
	until := later(l.held, now.Add(wait))
	l.held = until
	delay := max(until.Add(gap).Sub(first), 0)
	for who, at := range l.slots {
		l.slots[who] = at.Add(delay)
	}
	l.slots[request] = until
	l.free = l.free.Add(delay)
}

// forgotten is how long a turn is kept for somebody who does not come: a card may
// have gone to another process.
const forgotten = time.Minute

// lane is the line before a channel, without those who do not come any more.
func (t *turns) lane(channel string, now time.Time) *lane {
	if len(t.lanes) >= mostKept {
		clear(t.lanes)
	}
	l := t.lanes[channel]
	if l == nil {
		l = &lane{slots: map[string]time.Time{}}
		t.lanes[channel] = l
	}
	for who, at := range l.slots {
		if now.Sub(at) > forgotten {
			delete(l.slots, who)
		}
	}
	return l
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
