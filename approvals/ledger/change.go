package ledger

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/audit"
)

// change is what commit.lua is told: what follows from the new record, and the two
// texts that it keeps as they are. Times are milliseconds.
type change struct {
	ID     string `json:"id"`
	Made   int64  `json:"made"`             // when it was decided; refused as late 3 s after
	Was    int64  `json:"was"`              // the version it was decided on; 0: none
	Digest string `json:"digest,omitempty"` // of who wants what; a repeat with another is refused

	Dues  []duty `json:"dues"`            // the agenda
	Back  *Lease `json:"back,omitempty"`  // a lease that is given back
	Lease int64  `json:"lease,omitempty"` // how long the caller holds the request's clock

	Add    []string     `json:"add,omitempty"` // index entries
	Drop   []string     `json:"drop,omitempty"`
	Claims []claimCheck `json:"claims,omitempty"` // prefixes that nobody else may hold
	Most   *mostCheck   `json:"most,omitempty"`

	Enter   []turn   `json:"enter,omitempty"` // the queue
	Leave   []string `json:"leave,omitempty"`
	Waiting string   `json:"waiting,omitempty"` // the first own turn that waits
	Moves   bool     `json:"moves,omitempty"`   // others' turns may have become earlier

	Limits  [][2]int64 `json:"limits,omitzero"`   // of the window; nil: it has nothing to do with that
	Take    *taking    `json:"take,omitempty"`    // a slot for an attempt
	Suspect *booking   `json:"suspect,omitempty"` // a slot for what may have been sent
	Settle  string     `json:"settle,omitempty"`
	Release string     `json:"release,omitempty"`
	Hold    int64      `json:"hold,omitempty"` // keep everybody from the endpoint until then

	Heed    bool  `json:"heed,omitempty"`    // refuse it while it is known that the action is not offered any more
	Ended   int64 `json:"ended,omitempty"`   // for how long that is to be known from now on
	Offered bool  `json:"offered,omitempty"` // it is not so, or not any more

	Tallies []quota  `json:"tallies,omitempty"` // what counts against what one person may do in a while
	Mark    *string  `json:"mark,omitempty"`    // the freeze in force, as the card says it, or that there is none; nil: it says nothing of it
	Thaw    string   `json:"thaw,omitempty"`    // the freeze that it lifts
	Alarms  []string `json:"alarms,omitempty"`  // what channels are told of it, each an approvals.Alarm in JSON

	record string // empty: forgotten
	entry  string // of the audit trail; empty: none
}

// duty is when a member of the agenda is due.
type duty struct {
	At     int64  `json:"at"` // 0: not any more
	Member string `json:"member"`
	Sooner bool   `json:"sooner,omitempty"` // if it is not due sooner already
}

// quota counts members for Span ms; at most Most at a time, or any number if that is 0. A
// peek counts nothing, and is refused where counting would be.
type quota struct {
	Of      string   `json:"of"` // reach or forced
	Members []string `json:"members"`
	Most    int      `json:"most"`
	Span    int64    `json:"span"`
	Peek    bool     `json:"peek,omitempty"`
}

type claimCheck struct {
	Prefix string `json:"prefix"`
	Owner  string `json:"owner"`
}

type mostCheck struct {
	Prefix string `json:"prefix"`
	Count  int    `json:"count"`
}

// changeOf is what follows from before having become after through e at now.
func changeOf(before, after approvals.Request, e approvals.Event, limits []defender.Limit, now time.Time) (change, error) {
	c := change{
		ID: after.ID, Made: now.UnixMilli(), Was: before.Version,
	}
	if after.State != "" {
		text, err := encode(after)
		if err != nil {
			return change{}, err
		}
		c.record = text
	}
	c.scheduled(before, after, now)
	c.indexed(before, after)
	c.queued(before, after)
	c.slotted(before, after, e)
	if c.Waiting != "" || c.Moves || c.Take != nil || c.Suspect != nil {
		c.Limits = limitPairs(limits)
	}
	if after.Freezable() {
		c.Mark = &after.Frozen.ID
	}
	c.tallied(before, after)
	return c, c.audited(before, after, e, now)
}

// scheduled sets when there is work. What is to be seen of calls, and drawn, is
// the business of whoever holds it; others only bring it forward.
func (c *change) scheduled(before, after approvals.Request, now time.Time) {
	c.Dues = []duty{{Member: approvals.Clock.Member(after.ID), At: millis(approvals.Due(after, approvals.Clock, now))}}
	if look := approvals.Due(after, approvals.Look, now); !look.IsZero() || !approvals.Due(before, approvals.Look, now).IsZero() {
		c.Dues = append(c.Dues, duty{Member: approvals.Look.Member(after.ID), At: millis(look), Sooner: true})
	}
	if (before.Behind() || after.Behind()) && cardVersion(before) != cardVersion(after) {
		c.Dues = append(c.Dues, duty{Member: approvals.Draw.Member(after.ID), At: millis(approvals.Due(after, approvals.Draw, now)), Sooner: true})
	}
}

// givesBack has a change end the lease of whoever makes it, who sets when the
// member is due again.
func (c *change) givesBack(l Lease) {
	if l.Token > 0 {
		c.Back = &l
	}
	for i, d := range c.Dues {
		if d.Member == l.Member {
			c.Dues[i].Sooner = false
			if d.At > 0 {
				c.Dues[i].At = max(d.At, l.again)
			}
		}
	}
}

// atMost refuses a change if a person has as many requests open; 0: there is no limit.
func (c *change) atMost(by approvals.Person, most int) {
	if most > 0 {
		c.Most = &mostCheck{approvals.AsksPrefix(by), most}
	}
}

// cardVersion is what the channel shows and was shown.
func cardVersion(r approvals.Request) [4]int64 {
	return [4]int64{r.Visible, r.Card.Shown, int64(r.Card.Told), int64(len(r.Notices))}
}

// indexed adds the claims that after holds and before did not, and drops the others. What is
// nobody's alone is added also where it should be there: an older version may have left it out.
func (c *change) indexed(before, after approvals.Request) {
	had, has := approvals.Claims(before), approvals.Claims(after)
	for _, claim := range has {
		if claim.Alone && slices.Contains(had, claim) {
			continue
		}
		c.Add = append(c.Add, claim.Member())
		if claim.Alone {
			c.Claims = append(c.Claims, claimCheck{claim.Prefix, claim.Owner})
		}
	}
	for _, claim := range had {
		if !slices.Contains(has, claim) {
			c.Drop = append(c.Drop, claim.Member())
		}
	}
}

// audited writes down what happened to the request.
func (c *change) audited(before, after approvals.Request, e approvals.Event, now time.Time) error {
	line, kept := approvals.Describe(before, after, e)
	if !kept {
		return nil
	}
	text, err := json.Marshal(entryOf(before, after, line, now))
	if err != nil {
		return fmt.Errorf("encode an audit entry of %s: %w", before.ID, err)
	}
	c.entry = string(text)
	return nil
}

// entryOf is the entry of a change: who, what, where, when, and Defender's ids.
func entryOf(before, after approvals.Request, line approvals.Line, now time.Time) audit.Entry {
	about := owned(before, after)
	return audit.Entry{
		At: now, Request: after.ID, Version: before.Version + 1, Event: line.Event, Action: about.Action,
		Call: line.Call, Device: line.Device, By: line.By.ID, Grid: line.By.Enterprise, Name: line.By.Name,
		Team: about.Place.Team, Channel: about.Place.Channel,
		From: line.From, To: line.To, Job: line.Job, Target: line.Target, Detail: line.Whole(),
	}
}

func limitPairs(limits []defender.Limit) [][2]int64 {
	pairs := make([][2]int64, len(limits))
	for i, l := range limits {
		pairs[i] = [2]int64{int64(l.Calls), l.Per.Milliseconds()}
	}
	return pairs
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// timeOf is the other way around.
func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
