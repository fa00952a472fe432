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

// change is what commit.lua is told: the new record and all that follows from
// it. Times are milliseconds.
type change struct {
	ID     string `json:"id"`
	Made   int64  `json:"made"`             // when it was decided; refused as late 3 s after
	Was    int64  `json:"was"`              // the version it was decided on; 0: none
	Record string `json:"record,omitempty"` // empty: forgotten
	Answer string `json:"answer"`           // kept for repeats
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

	Limits  [][2]int64 `json:"limits"`
	Take    *taking    `json:"take,omitempty"`    // a slot for an attempt
	Suspect *booking   `json:"suspect,omitempty"` // a slot for what may have been sent
	Settle  string     `json:"settle,omitempty"`
	Release string     `json:"release,omitempty"`
	Hold    int64      `json:"hold,omitempty"` // keep everybody from the endpoint until then

	Heed    bool  `json:"heed,omitempty"`    // refuse it while it is known that the action is not offered any more
	Ended   int64 `json:"ended,omitempty"`   // for how long that is to be known from now on
	Offered bool  `json:"offered,omitempty"` // it is not so, or not any more

	Audit string `json:"audit,omitempty"`
	Trim  int64  `json:"trim,omitempty"` // drop audit entries older than this
}

// duty is when a member of the agenda is due.
type duty struct {
	At     int64  `json:"at"` // 0: not any more
	Member string `json:"member"`
	Sooner bool   `json:"sooner,omitempty"` // if it is not due sooner already
}

type claimCheck struct {
	Prefix string `json:"prefix"`
	Owner  string `json:"owner"`
}

type mostCheck struct {
	Prefix string `json:"prefix"`
	Count  int    `json:"count"`
}

type turn struct {
	Turn string `json:"turn"`
	At   int64  `json:"at"`
}

// booking is a slot in a window.
type booking struct {
	Slot  string `json:"slot"`
	Lasts int64  `json:"lasts"` // how long the server may take to count it
}

// taking is the slot of an attempt that may leave now, and what has to be so.
type taking struct {
	booking

	Turn  string `json:"turn"`
	Asked int64  `json:"asked"` // when somebody asked for it
	Seen  string `json:"seen"`  // the newest audit entry that this process has seen
	Keep  int64  `json:"keep"`  // for how long they are kept
	// Server is the Redis process that this process has looked at last: another one may
	// not have all that it had.
	Server string `json:"server"`
}

// changeOf is what follows from before having become after through e at now.
func changeOf(before, after approvals.Request, e approvals.Event, limits []defender.Limit, now time.Time) (change, error) {
	c := change{
		ID: after.ID, Made: now.UnixMilli(), Was: before.Version, Answer: after.ID,
		Limits: limitPairs(limits),
	}
	if after.State != "" {
		text, err := encode(after)
		if err != nil {
			return change{}, err
		}
		c.Record = text
	}
	c.scheduled(before, after, now)
	c.indexed(before, after)
	c.queued(before, after)
	c.slotted(before, after, e)
	return c, c.audited(before, after, e, now)
}

// scheduled sets when there is work. What is to be seen of calls, and drawn, is
// the business of whoever holds it; others only bring it forward.
func (c *change) scheduled(before, after approvals.Request, now time.Time) {
	c.Dues = []duty{
		{Member: approvals.Clock.Member(after.ID), At: millis(approvals.Due(after, approvals.Clock, now))},
		{Member: approvals.Look.Member(after.ID), At: millis(approvals.Due(after, approvals.Look, now)), Sooner: true},
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

// queues reports whether the change is about the queue or the windows of its action.
func (c *change) queues() bool {
	return len(c.Enter)+len(c.Leave) > 0 || c.Take != nil || c.Settle != "" || c.Release != ""
}

// indexed adds the claims that after holds and before did not, and drops the others.
func (c *change) indexed(before, after approvals.Request) {
	had, has := approvals.Claims(before), approvals.Claims(after)
	for _, claim := range has {
		if slices.Contains(had, claim) {
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

// queued puts calls that may go into the queue by the time of their approval,
// so that a call that was held comes back to its old place.
func (c *change) queued(before, after approvals.Request) {
	for i := range max(len(before.Calls), len(after.Calls)) {
		was := i < len(before.Calls) && before.Calls[i].Waiting()
		is := i < len(after.Calls) && after.Calls[i].Waiting()
		name := approvals.CallID(after.ID, i)
		switch {
		case is && !was:
			c.Enter = append(c.Enter, turn{name, after.ApprovedAt().UnixMilli()})
		case was && !is:
			c.Leave = append(c.Leave, name)
		}
		if is && c.Waiting == "" {
			c.Waiting = name
		}
	}
	c.Moves = len(c.Enter)+len(c.Leave) > 0
}

// slotted books, moves back or releases the slot of an attempt. A slot without
// an answer stays where it is: the server may have counted it until then.
func (c *change) slotted(before, after approvals.Request, e approvals.Event) {
	o, ok := e.(approvals.On)
	if !ok {
		return
	}
	call := after.Calls[o.Call]
	slot := slotOf(after.ID, o.Call, call.Attempt)
	switch e := o.Event.(type) {
	case approvals.Send:
		c.Take = &taking{
			booking: booking{slot, (approvals.SendLimit + approvals.PostLimit).Milliseconds()},
			Turn:    approvals.CallID(after.ID, o.Call), Asked: millis(after.Asked),
		}
	case approvals.Suspect:
		c.Suspect = &booking{slot, approvals.PostLimit.Milliseconds()}
	case approvals.Accept:
		c.Settle, c.Offered = slot, true
	case approvals.Fail:
		c.Settle = slot
		if e.Why.Reason == approvals.Ended {
			c.Ended = endedFor.Milliseconds()
		}
	case approvals.Requeue:
		c.requeued(e, slot)
	case approvals.Adopt:
		if before.Calls[o.Call].State == approvals.Sending {
			c.Settle = slot
		}
	}
	c.Moves = c.Moves || c.Settle != "" || c.Release != ""
}

// endedFor is for how long it is remembered that Defender refused an action because
// Microsoft has ended it: a day, after which a call asks again. The tenant's answer is
// believed, not the announcement, and it can change.
const endedFor = 24 * time.Hour

// requeued releases the slot only if no byte can have left: an answer, even
// 429 or 401, may have been counted. A refusal that would meet every call keeps
// everybody from the endpoint until its time.
func (c *change) requeued(e approvals.Requeue, slot string) {
	if e.Why.Reason.Unsent() {
		c.Release = slot
		return
	}
	c.Settle, c.Hold = slot, millis(e.Why.Until)
}

// audited writes down what happened to the request.
func (c *change) audited(before, after approvals.Request, e approvals.Event, now time.Time) error {
	line, kept := approvals.Describe(before, after, e)
	if !kept {
		return nil
	}
	if after.State == "" { // forgotten
		c.Trim = before.Terms.Retention.Milliseconds()
	}
	text, err := json.Marshal(audit.Entry{
		At: now, Request: after.ID, Version: before.Version + 1, Event: line.Event, Call: line.Call,
		By: line.By, From: line.From, To: line.To, Detail: line.Whole(),
	})
	if err != nil {
		return fmt.Errorf("encode an audit entry of %s: %w", before.ID, err)
	}
	c.Audit = string(text)
	return nil
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
