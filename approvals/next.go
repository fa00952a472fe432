package approvals

import (
	"cmp"
	"slices"
	"time"
)

// Next is the request after e happened to r at now, or a *Refusal that says why e
// does not fit. It is the only way to change a request.
func Next(r Request, e Event, now time.Time) (Request, error) {
	after, err := e.apply(clone(r), now)
	if err != nil {
		return r, err
	}
	after.Version = r.Version + 1
	if face, _ := touches(e); face {
		after.Visible = r.Visible + 1
	}
	return after, nil
}

// MayNotDecide is the refusal for those who can never decide on r, whatever the
// policy says: its requester, and who asked for it before.
func (r Request) MayNotDecide(by Person) error {
	switch {
	case r.By.Is(by):
		return Refuse(OwnRequest, "")
	case slices.ContainsFunc(r.Barred, by.Is):
		return Refuse(AskedFirst, cmp.Or(r.RetryOf, r.From.Request))
	}
	return nil
}

// Bars reports whether somebody can never decide on r.
func (r Request) Bars(by Person) bool { return r.MayNotDecide(by) != nil }

// decidable is the refusal for by to decide on r now, if there is one.
func (r Request) decidable(by Person, digest string, now time.Time) error {
	switch {
	case r.State != Pending:
		return Refuse(AlreadyDecided, string(r.State))
	case r.Bars(by):
		return r.MayNotDecide(by)
	case !now.Before(r.Deadline()):
		return Refuse(TooLate, "")
	case digest != r.Digest():
		return Refuse(ShownDiffers, "")
	}
	return nil
}

// reminded reports whether those who may decide have heard once more that they can.
func (r Request) reminded() bool { return r.noticed(NoticeReminder) || r.noticed(NoticeEscalation) }

// queueCalls makes the calls of a request that has its approvals.
func queueCalls(r Request, now time.Time) Request {
	r.State = Approved
	r.Calls = make([]Call, len(r.Devices))
	for i := range r.Calls {
		r.Calls[i] = Call{State: Queued, Since: now}
	}
	return r
}

// settle ends a request whose last call has ended, and else has people hear what they
// have to of what has become of its calls.
func settle(r Request, now time.Time) Request {
	if slices.ContainsFunc(r.Calls, func(c Call) bool { return !c.State.Ended() }) {
		return remark(r, now)
	}
	r.State, r.EndedAt = Done, now
	r.Notices = append(r.Notices, Notice{Kind: NoticeEnd, At: now})
	return r
}

// end ends a request without calls, from one of the given states. What never
// was on a card is told to the requester alone, so it needs no notice.
func end(r Request, to State, how End, now time.Time, from ...State) (Request, error) {
	if !slices.Contains(from, r.State) {
		return r, Refuse(DoesNotFit, string(to)+" from "+string(r.State))
	}
	if r.State == Pending {
		r.Notices = append(r.Notices, Notice{Kind: NoticeEnd, At: now})
	}
	r.State, r.Ended, r.EndedAt, r.Choice = to, how, now, Choice{}
	return r, nil
}

// clone copies r as far as events change it.
func clone(r Request) Request {
	r.Approvals = slices.Clone(r.Approvals)
	r.Calls = slices.Clone(r.Calls)
	r.Notices = slices.Clone(r.Notices)
	return r
}

// Behind reports whether the channel does not show all there is to show. What is
// being checked has no card yet.
func (r Request) Behind() bool {
	if r.State == Checking {
		return false
	}
	return r.Card.Shown < r.Visible || r.Card.Told < len(r.Notices)
}
