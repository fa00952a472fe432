package office

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestRosterSparesSlack counts who is looked up when somebody asks.
func TestRosterSparesSlack(t *testing.T) {
	ids := []string{"UBOT", "U2", "U3"}
	ask := func(r *Roster, needed int) error {
		return r.enough(t.Context(), roll{ids: ids}, []approvals.Person{{ID: "U1"}}, approvals.Channel{}, needed)
	}
	c := newCrowd()
	r, _ := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: ids}, Needed: 1}))
	r.refresh(t.Context(), 0)
	clear(c.asked)
	if err := ask(r, 2); err != nil || len(c.asked) != 0 {
		t.Errorf("people that the roster knows: %v, asked about %v", err, c.asked)
	}
	ids = append(ids, "U4") // who joined since
	if err := ask(r, 3); err != nil || c.asked["U4"] != 1 || c.asked["U2"] != 0 {
		t.Errorf("somebody new: %v, asked about %v", err, c.asked)
	}
	c.people["UBOT"] = approvals.Facts{Person: approvals.Person{ID: "UBOT"}} // no bot any more
	if err := ask(r, 4); err != nil {
		t.Errorf("somebody who can by now: %v", err)
	}

	c.people["U3"] = approvals.Facts{Person: approvals.Person{ID: "U3"}, Guest: true}
	r.refresh(t.Context(), 0)
	c.broken["U3"] = approvalstest.ErrDown
	if err := ask(r, 4); !approvals.IsRefusal(err, approvals.NobodyElse) {
		t.Errorf("somebody known to be a guest, whom nobody could look up again: %v", err)
	}

	c, ids = newCrowd(), nil
	for i := range 50 * lookUpsAtOnce {
		id := fmt.Sprint("UMANY", i)
		c.people[id], ids = approvals.Facts{Person: approvals.Person{ID: id}}, append(ids, id)
	}
	r, _ = newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: ids}, Needed: 1}))
	if err := ask(r, 1); err != nil || len(c.asked) > 2*lookUpsAtOnce {
		t.Errorf("one of many is enough: %v, asked about %d", err, len(c.asked))
	}
}

// TestRosterQuota has a list of 130: at the start it is asked about thirty, then
// about one in three seconds, and not about anybody twice before the next round.
func TestRosterQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 130
		c := newCrowd()
		c.join("S1", people, func(*approvals.Facts) {})
		r, b := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1}))
		start := time.Now()
		r.Muster(t.Context())
		if s := r.State(); s.Able != mostLookUps || s.Unmet != people-mostLookUps || s.known() || s.String() != "" || c.since(start) != mostLookUps {
			t.Errorf("after the start: %d look-ups, %+v", c.since(start), s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		for range 20 {
			minute := time.Now().Add(1) // after the start's own
			time.Sleep(time.Minute)
			if n := c.since(minute); n > 25 {
				t.Errorf("%d look-ups in the minute after %s", n, minute.Sub(start))
			}
			c.change(func() {
				least, most := people, 0
				for id, n := range c.asked {
					if id != "S1" {
						least, most = min(least, n), max(most, n)
					}
				}
				if most > least+1 {
					t.Errorf("after %s somebody was asked about %d times and somebody else %d times", time.Since(start), most, least)
				}
			})
		}
		if s := r.State(); s.Able != people || !s.known() {
			t.Errorf("in the end: %d of %d, %d not asked about", s.Able, people, s.Unmet)
		}
		if got := b.read(); got != "" {
			t.Errorf("the log says %s", got)
		}
		cancel()
		<-ended
	})
}

// TestRosterBetweenRounds asks about those only of whom nothing is known.
func TestRosterBetweenRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.groups["S1"], c.groups["S2"] = []string{"U4"}, []string{"U5"}
		c.broken["U2"], c.broken["S1"] = approvalstest.ErrDown, approvalstest.ErrDown
		r, _ := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2", "U3", "UGUEST"}, Groups: []string{"S1", "S2"}}, Needed: 1}))
		r.Muster(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		time.Sleep(4 * time.Minute)
		c.change(func() {
			if c.asked["U2"] < 5 || c.asked["S1"] < 5 {
				t.Errorf("what is not known is not asked about: %v", c.asked)
			}
			for _, id := range []string{"U3", "UGUEST", "S2", "U5"} {
				if c.asked[id] != 1 {
					t.Errorf("%s is known and was asked about %d times", id, c.asked[id])
				}
			}
			clear(c.broken)
		})
		time.Sleep(40 * time.Second)
		if s := r.State(); s.Able != 4 || !s.known() {
			t.Errorf("after it was mended: %+v", s)
		}
		cancel()
		<-ended
	})
}

// TestRosterThrottledAtStart asks about nobody while Slack wants to be left
// alone.
func TestRosterThrottledAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.join("S1", 25, func(*approvals.Facts) {})
		for _, id := range c.groups["S1"] {
			c.broken[id] = &approvals.Later{After: 5 * time.Second}
		}
		r, _ := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1}))
		start := time.Now()
		mustered := make(chan struct{})
		go func() { defer close(mustered); r.Muster(t.Context()) }()
		time.Sleep(time.Second)
		if n := c.since(start); n > lookUpsAtOnce {
			t.Errorf("%d look-ups, want no more than were under way", n)
		}
		c.change(func() { clear(c.broken) })
		synctest.Wait()
		asked := c.since(start)
		time.Sleep(4*time.Second - 1)
		if n := c.since(start); n != asked {
			t.Errorf("%d more look-ups within the pause", n-asked)
		}
		<-mustered
		if s := r.State(); s.Able != 25 {
			t.Errorf("after the pause: %+v", s)
		}
	})
}

// TestRosterThrottled gets a 429 and asks again when it may, not before.
func TestRosterThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.broken["U2"] = &approvals.Later{After: 30 * time.Second}
		r, _ := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}}, Needed: 1}))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		time.Sleep(5*time.Minute + time.Second)
		c.change(func() {
			if c.asked["U2"] != 1 {
				t.Errorf("asked %d times within the pause, want once", c.asked["U2"])
			}
			delete(c.broken, "U2")
		})
		time.Sleep(time.Minute)
		if got := maps.Clone(c.asked); got["U2"] != 2 || r.State().Able != 1 {
			t.Errorf("asked %d times, %d may decide; want two and one", got["U2"], r.State().Able)
		}
		c.change(func() { c.broken["U2"] = &approvals.Later{After: time.Hour} })
		short, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		r2, _ := newRoster(c, r.people.policy)
		r2.Muster(short)
		if s := r2.State(); s.Able != 0 || s.TooFew() != nil {
			t.Errorf("at the deadline: %+v", s)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}
