package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"defenderbot/approvals"
)

// The tallies of a person, as commit.lua calls them.
const (
	reachTally  = "reach"
	forcedTally = "forced"
)

// tallied counts what has just come to its calls against what its requester may reach in a
// while. It is also counted where it has the additional approver that going beyond it takes.
func (c *change) tallied(before, after approvals.Request) {
	if approvals.Reaches(before, after) {
		c.Tallies = quotas(after)
	}
}

// quotas are what r counts against once it comes to its calls.
func quotas(r approvals.Request) (list []quota) {
	span := approvals.TallySpan.Milliseconds()
	if most := r.Terms.Reach; most > 0 {
		q := quota{Of: reachTally, Members: []string{}, Most: most, Span: span} // JSON has no nil list for scripts
		for i := range r.Devices {
			q.Members = append(q.Members, approvals.CallID(r.ID, i))
		}
		if r.Beyond {
			q.Most = 0
		}
		list = append(list, q)
	}
	if r.Forced {
		list = append(list, quota{Of: forcedTally, Members: []string{r.ID}, Most: approvals.MostForced, Span: span})
	}
	return list
}

// forces tells the alert channel that somebody acts alone.
func (c *change) forces(after approvals.Request, e approvals.Event, alerts string, now time.Time) {
	if _, is := e.(approvals.Force); is {
		c.Alarms = append(c.Alarms, alarms(approvals.Alarm{Kind: approvals.AlarmForce, At: now, By: after.By, Request: after.ID, Text: after.Comment}, alerts)...)
	}
}

// CreateForced is [Store.CreateIfOffered] for a request whose requester acts alone. It is a
// *Beyond where that would be refused as soon as its device is looked up; nothing is counted
// before that. How many requests the person has open does not matter: nobody has to decide.
func (s *Store) CreateForced(ctx context.Context, op Op, r approvals.Request) (approvals.Request, error) {
	return s.create(ctx, op, approvals.Ask{Request: r}, func(c *change, after approvals.Request) {
		c.Heed = true
		c.Tallies = quotas(after)
		for i := range c.Tallies {
			c.Tallies[i].Peek = true
		}
	})
}

// Reached is how many devices of a person's approved requests count now. The commit that
// approves counts again.
func (s *Store) Reached(ctx context.Context, p approvals.Person) (int, error) {
	from := strconv.FormatInt(s.Now().Add(-approvals.TallySpan).UnixMilli(), 10)
	n, err := s.rdb.ZCount(ctx, s.keys.reach(p), "("+from, "+inf").Result()
	s.note(err)
	if err != nil {
		return 0, fmt.Errorf("count the devices of %s: %w", p.Key(), err)
	}
	return int(n), nil
}

// BeyondReach reports whether an error is that a request goes beyond the reach of its
// requester.
func BeyondReach(err error) bool {
	b, is := errors.AsType[*Beyond](err)
	return is && b.Of == reachTally
}

// ForcedTooOften reports whether an error is that a person has acted alone too often.
func ForcedTooOften(err error) bool {
	b, is := errors.AsType[*Beyond](err)
	return is && b.Of == forcedTally
}
