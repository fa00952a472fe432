package approvals

import (
	"slices"
	"time"
)

// Notice is one thing said in the thread of a card.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	At   time.Time  `json:"at"`
}

// NoticeKind is what a notice is about. An edit of the card notifies nobody; a notice
// does, so there is at most one of each kind, but for daily reminders of a review.
type NoticeKind string

// The kinds of notices.
const (
	NoticeReminder   NoticeKind = "reminder"   // half of the time to approve has passed
	NoticeEscalation NoticeKind = "escalation" // two thirds of it, and others are called in
	NoticeFailure    NoticeKind = "failure"    // the first call did not come to its end, and others go on
	NoticeSlow       NoticeKind = "slow"       // only calls that take long are left
	NoticeEnd        NoticeKind = "end"        // the request has ended
	NoticeReview     NoticeKind = "review"     // another day has passed, and nobody has reviewed what was done alone
	NoticeReviewed   NoticeKind = "reviewed"   // somebody has
)

// Outdated reports whether there is no point in saying notice n of r any more: somebody
// has decided meanwhile, or a later notice says the same and more.
func (r Request) Outdated(n int) bool {
	later := func(k NoticeKind) bool {
		return slices.ContainsFunc(r.Notices[n+1:], func(o Notice) bool { return o.Kind == k })
	}
	switch r.Notices[n].Kind {
	case NoticeReminder:
		return r.State != Pending || later(NoticeEscalation)
	case NoticeEscalation:
		return r.State != Pending
	case NoticeFailure:
		return r.State != Approved || later(NoticeSlow)
	case NoticeSlow:
		return r.State != Approved
	case NoticeReview:
		return !r.UnderReview() || later(NoticeReview)
	case NoticeEnd, NoticeReviewed:
	}
	return false
}

// noticed reports whether there is a notice of that kind.
func (r Request) noticed(k NoticeKind) bool {
	return slices.ContainsFunc(r.Notices, func(n Notice) bool { return n.Kind == k })
}

// remark adds what people have to hear of calls while others go on, once: of a failure that
// leaves only slow ones the latter alone, which says both. One that comes after that was said
// is news of its own: the end can be days away.
func remark(r Request, now time.Time) Request {
	var kind NoticeKind
	switch slow := r.noticed(NoticeSlow); {
	case !slow && onlySlow(r.Calls):
		kind = NoticeSlow
	case unfinishedBeside(r.Calls) && (!slow || !r.saidWithSlow()):
		kind = NoticeFailure
	}
	if kind == "" || r.noticed(kind) {
		return r
	}
	r.Notices = append(r.Notices, Notice{Kind: kind, At: now})
	return r
}

// saidWithSlow reports whether a call had failed already when it was said that only slow
// ones are left, which has told that too.
func (r Request) saidWithSlow() bool {
	said := slices.IndexFunc(r.Notices, func(n Notice) bool { return n.Kind == NoticeSlow })
	return slices.ContainsFunc(r.Calls, func(c Call) bool { return c.unfinished() && !c.EndedAt.After(r.Notices[said].At) })
}

// onlySlow reports whether some calls have ended, and all that are left run for long.
func onlySlow(calls []Call) bool {
	ended, slow := 0, 0
	for _, c := range calls {
		switch {
		case c.State.Ended():
			ended++
		case c.State == Running && c.Job.Slow:
			slow++
		}
	}
	return ended > 0 && slow > 0 && ended+slow == len(calls)
}

// unfinishedBeside reports whether a call did not come to its end while others go on.
// Where it lapsed, those that wait lapse with it.
func unfinishedBeside(calls []Call) bool {
	goesOn := func(c Call) bool { return !c.State.Ended() }
	sent := func(c Call) bool { return goesOn(c) && c.State != Queued }
	failed := func(c Call) bool { return c.unfinished() && c.State != Lapsed }
	return slices.ContainsFunc(calls, failed) && slices.ContainsFunc(calls, goesOn) ||
		slices.ContainsFunc(calls, Call.unfinished) && slices.ContainsFunc(calls, sent)
}
