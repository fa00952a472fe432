package approvals

import (
	"strings"
	"time"
)

// The times of the machines that nobody configures.
const (
	checkLimit    = 2 * time.Minute  // to look devices up
	choiceLimit   = 5 * time.Minute  // for the requester to choose one
	SendLimit     = 5 * time.Second  // from saving sending until the last byte may start
	PostLimit     = 20 * time.Second // one HTTP call to Defender
	ownerLimit    = 30 * time.Second // for the owner to save the answer
	searchLimit   = 3 * time.Minute  // until a job that cannot be seen is taken for not started
	SearchEvery   = 15 * time.Second // between look-ups of an uncertain call
	Margin        = time.Second      // longer than Defender asks to be left alone: clocks differ
	ForecastEvery = 5 * time.Minute  // by how much a forecast must be off, and how old, to be changed
)

// AbandonedAt is when what is being sent for a call, the call or a stop of it, is given up
// by its owner.
func (c Call) AbandonedAt() time.Time {
	return latest(c.NotAfter, c.Stop.NotAfter).Add(PostLimit + ownerLimit)
}

// SearchedFor is how long an uncertain call that cannot be seen is looked for, at least.
const SearchedFor = PostLimit + searchLimit

// SearchedUntil is when an uncertain call that cannot be seen was looked for long
// enough: the POST may have arrived until NotAfter + 20 s, and Defender shows
// fresh actions up to 2 minutes late.
func (c Call) SearchedUntil() time.Time { return c.NotAfter.Add(SearchedFor) }

// Kind is a kind of work on the agenda. Each is due, held and worked on by itself, so
// that sending never waits for a look-up, and neither waits for the card.
type Kind string

// The kinds, as the members of the agenda begin.
const (
	Clock Kind = ""       // what time brings, and calls and stops that wait to be sent
	Look  Kind = "look:"  // calls that are uncertain or run
	Draw  Kind = "card:"  // what the channel shows
	Home  Kind = "home:"  // what a person's home shows
	Seal  Kind = "seal:"  // the audit trail, which has one member, and is sealed
	Alert Kind = "alert:" // what channels are told beside cards; it has one member too
)

// Kinds are all kinds that a request has.
func Kinds() []Kind { return []Kind{Clock, Look, Draw} }

// Member is the agenda's member of this kind for a request, or a person.
func (k Kind) Member(id string) string { return string(k) + id }

// KindOf is the kind of a member, and the id of its request or person.
func KindOf(member string) (k Kind, id string) {
	before, id, found := strings.Cut(member, ":")
	if !found {
		return Clock, member
	}
	return Kind(before + ":"), id
}

// timer is the event that the clock brings, and when.
type timer struct {
	at    time.Time
	event Event
}

// timers are all events that the clock will bring to r as it is. Every state
// has one, so no request waits for ever for something that does not come.
func timers(r Request) []timer {
	switch r.State {
	case Checking:
		if r.Chooses() {
			return []timer{{r.ChoiceEnds(), Reject{Why: Why{Reason: ChoiceTimeout, Detail: r.Devices[r.Choice.Device].Name}}}}
		}
		return []timer{{r.CheckedFrom().Add(checkLimit), Reject{Why: Why{Reason: CheckTimeout}}}}
	case Pending:
		list := []timer{{r.Deadline(), Expire{}}}
		if !r.reminded() {
			list = append(list, timer{r.Opened.Add(r.Terms.ApprovalTTL / 2), Remind{}})
		}
		if at, due := r.escalation(); due {
			list = append(list, timer{at, Escalate{}})
		}
		return list
	case Approved:
		var list []timer
		for i, c := range r.Calls {
			if at, e := callTimer(r, c); e != nil {
				list = append(list, timer{at, On{Call: i, Event: e}})
			}
			if c.State == Running && c.Stop.State == StopSending {
				list = append(list, timer{c.AbandonedAt(), On{Call: i, Event: LoseStop{Attempt: c.Stop.Attempt, Why: Why{Reason: OwnerLost}}}})
			}
		}
		return append(list, reviewTimer(r)...)
	case Done, Denied, Cancelled, Expired, Rejected:
		if r.UnderReview() { // never forgotten before somebody has looked at it
			return reviewTimer(r)
		}
		return []timer{{r.forgottenFrom().Add(r.Terms.Retention), Forget{}}}
	}
	return nil
}

// reviewTimer is the next reminder that somebody has to look at what was done alone.
func reviewTimer(r Request) []timer {
	if !r.UnderReview() {
		return nil
	}
	return []timer{{r.reviewDue(), Remind{}}}
}

// callTimer is the event that the clock brings to one call. Ended calls have
// none: they wait for their request.
func callTimer(r Request, c Call) (time.Time, CallEvent) {
	switch c.State {
	case Queued:
		return r.Lapses(), Lapse{Why: Why{Reason: ExecutionLapsed, Cause: r.waitsFor(c).asCause()}}
	case Sending:
		return c.AbandonedAt(), Doubt{Attempt: c.Attempt, Why: Why{Reason: OwnerLost}}
	case Uncertain:
		return c.NotAfter.Add(r.Terms.Horizon), GiveUp{Why: Why{Reason: TookTooLong, Detail: c.Why.Detail}}
	case Running:
		if queued := r.Terms.QueuedFor; queued > 0 && c.Job.Queued {
			if why := c.neverBegun(); why.Reason != "" {
				return c.Started.Add(queued), GiveUp{Why: why}
			}
		}
		return c.Started.Add(r.Terms.Horizon), GiveUp{Why: Why{Reason: TookTooLong}}
	case Succeeded, Failed, CallCancelled, Lapsed, Unknown:
	}
	return time.Time{}, nil
}

// waitsFor is what keeps a call of r from being sent.
func (r Request) waitsFor(c Call) Why {
	if f := r.HeldBy(); f.Is() {
		return Why{Reason: Frozen, Detail: f.By.Called(), Since: f.At}
	}
	return c.Why
}

// neverBegun is why a call is given up that was last seen in Defender's queue; empty: nobody
// can see for now whether it has begun.
func (c Call) neverBegun() Why {
	switch c.Blind.Reason { //nolint:exhaustive // the others pass
	case "":
		return Why{Reason: Ended}
	case ReadsEnded: // nobody ever will
		return c.Blind
	}
	return Why{}
}

// Ripe is the last event that the clock has brought to r by now: a request that
// has expired wants no reminder any more.
func Ripe(r Request, now time.Time) (Event, bool) {
	var last timer
	for _, t := range timers(r) {
		if !t.at.After(now) && (last.event == nil || t.at.After(last.at)) {
			last = t
		}
	}
	return last.event, last.event != nil
}

// Due is when one kind of work on r comes next; zero: there is none.
func Due(r Request, k Kind, now time.Time) time.Time {
	switch k {
	case Clock:
		return dueClock(r, now)
	case Look:
		return dueLook(r, now)
	case Draw:
		if r.Behind() {
			return now
		}
	case Home, Seal, Alert: // no request's
	}
	return time.Time{}
}

// dueClock is when r wants to be decided on next, at the latest: at its first
// timer, or for its calls that wait. When a call in the queue may go is not known
// here; the commit script knows and makes it earlier.
func dueClock(r Request, now time.Time) time.Time {
	if r.State == Checking && (!r.Chooses() || !r.Choice.Asked) {
		return now
	}
	var at time.Time
	for _, t := range timers(r) {
		at = Earliest(at, t.at)
	}
	for _, c := range r.Calls {
		switch {
		case c.Waiting():
			at = Earliest(at, now.Add(ForecastEvery))
		case c.State == Queued:
			at = Earliest(at, c.Hold)
		case c.StopWaits():
			at = Earliest(at, latest(now, c.Stop.Hold))
		}
	}
	return at
}

// dueLook is when a call of r wants to be looked up or polled.
func dueLook(r Request, now time.Time) time.Time {
	var at time.Time
	for _, c := range r.Calls {
		switch c.State { //nolint:exhaustive // nothing is to be seen of the others
		case Uncertain:
			at = Earliest(at, now.Add(SearchEvery))
		case Running:
			at = Earliest(at, PollAt(c.FollowedFrom(), now))
		}
	}
	return at
}

// pollEvery backs off from seconds to minutes: a tenth of the time that the
// job has run so far, at least 3 seconds, at most 5 minutes.
func pollEvery(ran time.Duration) time.Duration {
	return min(max(ran/10, 3*time.Second), 5*time.Minute)
}

// PollAt is when a job that Defender took at started, and that was asked for last
// at last, is asked for next. Times fall on a grid, so that jobs that run beside
// each other are asked for together.
func PollAt(started, last time.Time) time.Time {
	last = latest(started, last)
	every := pollEvery(last.Sub(started))
	grid := time.Second
	if every >= 30*time.Second {
		grid = 15 * time.Second
	}
	return last.Add(every + grid - 1).Truncate(grid)
}

// Earliest is the earlier of two times of which either may be missing.
func Earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
