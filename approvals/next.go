package approvals

import (
	"slices"
	"time"
)

// next is the request after e happened to r at now, or a *No that says why e
// does not fit. It is the only way to change a request.
func next(r Request, e Event, now time.Time) (Request, error) {
	after, err := step(clone(r), e, now)
	if err != nil {
		return r, err
	}
	after.Version = r.Version + 1
	if changesFace(e) {
		after.Visible = r.Visible + 1
	}
	return after, nil
}

// step is next without the counting. It may change r: it owns the copy.
func step(r Request, e Event, now time.Time) (Request, error) {
	switch e := e.(type) {
	case Ask:
		return ask(r, e, now)
	case Resolve:
		return resolve(r, e, now)
	case Reject:
		return end(r, Rejected, End{Why: e.Why}, now, Checking, Pending)
	case Approve:
		return approve(r, e, now)
	case Deny:
		return deny(r, e, now)
	case Cancel:
		return cancel(r, e, now)
	case Expire:
		return expire(r, now)
	case Remind:
		return remind(r, now)
	case Show:
		return show(r, e)
	case Lose:
		return lose(r, e)
	case Redraw:
		return redrawn(r)
	case Forget:
		return forget(r)
	case Retry:
		return retry(r, e)
	case On:
		return on(r, e, now)
	}
	return r, no(DoesNotFit, "unknown event")
}

// changesFace reports whether the card looks different after e.
func changesFace(e Event) bool {
	switch e.(type) {
	case Show, Lose, Redraw, Forget, Remind:
		return false
	case Ask, Resolve, Reject, Approve, Deny, Cancel, Expire, Retry, On:
	}
	return true
}

func ask(r Request, e Ask, now time.Time) (Request, error) {
	if r.State != "" {
		return r, no(DoesNotFit, "asked twice")
	}
	made := e.Request
	made.State, made.Asked = Checking, now
	return made, nil
}

func resolve(r Request, e Resolve, now time.Time) (Request, error) {
	if r.State != Checking {
		return r, no(DoesNotFit, "resolve in "+string(r.State))
	}
	if len(e.Devices) != len(r.Devices) || slices.ContainsFunc(e.Devices, func(d Device) bool { return d.ID == "" }) {
		return r, no(DoesNotFit, "a device without an id")
	}
	r.State, r.Opened, r.Devices, r.Budget = Pending, now, e.Devices, e.Budget
	if len(r.Approvals) >= r.Terms.Needed { // a retry that an approver asked for
		return queueCalls(r, now), nil
	}
	return r, nil
}

func approve(r Request, e Approve, now time.Time) (Request, error) {
	if err := r.decidable(e.By, e.Digest, now); err != nil {
		return r, err
	}
	if slices.ContainsFunc(r.Approvals, func(a Approval) bool { return a.By.Is(e.By) }) {
		return r, no(AlreadyApproved, "")
	}
	r.Approvals = append(r.Approvals, Approval{By: e.By, At: now})
	if len(r.Approvals) < r.Terms.Needed {
		return r, nil
	}
	return queueCalls(r, now), nil
}

func deny(r Request, e Deny, now time.Time) (Request, error) {
	if err := r.decidable(e.By, e.Digest, now); err != nil {
		return r, err
	}
	return end(r, Denied, End{By: e.By, Text: e.Text}, now, Pending)
}

// mayNot is the refusal for those who can never decide on r, whatever the
// policy says: its requester, and who asked for it before.
func (r Request) mayNot(by Person) error {
	switch {
	case r.By.Is(by):
		return no(OwnRequest, "")
	case slices.ContainsFunc(r.Barred, by.Is):
		return no(AskedFirst, r.RetryOf)
	}
	return nil
}

// bars reports whether somebody can never decide on r.
func (r Request) bars(by Person) bool { return r.mayNot(by) != nil }

// decidable is the refusal for by to decide on r now, if there is one.
func (r Request) decidable(by Person, digest string, now time.Time) error {
	switch {
	case r.State != Pending:
		return no(AlreadyDecided, string(r.State))
	case r.bars(by):
		return r.mayNot(by)
	case !now.Before(r.Deadline()):
		return no(TooLate, "")
	case digest != r.Digest():
		return no(ShownDiffers, "")
	}
	return nil
}

// cancel takes back what is not decided. Once approved, it stops the calls
// that still wait; what was sent cannot be called back.
func cancel(r Request, e Cancel, now time.Time) (Request, error) {
	if r.State != Approved {
		if r.State.Ended() || r.State == "" {
			return r, no(AlreadyDecided, string(r.State))
		}
		return end(r, Cancelled, End{By: e.By}, now, Checking, Pending)
	}
	stopped := 0
	for i, c := range r.Calls {
		if after, err := nextCall(c, Stop(e), now); err == nil {
			r.Calls[i] = after
			stopped++
		}
	}
	if stopped == 0 {
		return r, no(NothingToCancel, "")
	}
	return settle(r, now), nil
}

func expire(r Request, now time.Time) (Request, error) {
	if r.State == Pending && now.Before(r.Deadline()) {
		return r, no(DoesNotFit, "before its time")
	}
	return end(r, Expired, End{}, now, Pending)
}

func remind(r Request, now time.Time) (Request, error) {
	if r.State != Pending || r.reminded() || !now.Before(r.Deadline()) {
		return r, no(DoesNotFit, "nothing to remind of")
	}
	r.Notices = append(r.Notices, Notice{Kind: NoticeReminder, At: now})
	return r, nil
}

func (r Request) reminded() bool {
	return slices.ContainsFunc(r.Notices, func(n Notice) bool { return n.Kind == NoticeReminder })
}

func show(r Request, e Show) (Request, error) {
	if r.State == "" || e.Visible > r.Visible || e.Told > len(r.Notices) {
		return r, no(DoesNotFit, "shows what is not there")
	}
	r.Card.Shown = max(r.Card.Shown, e.Visible)
	if e.TS != "" && e.TS != r.Card.TS {
		r.Card.TS, r.Card.Shown = e.TS, e.Visible // whatever another message shows, this one shows just that
	}
	r.Card.Told = max(r.Card.Told, e.Told)
	return r, nil
}

func lose(r Request, e Lose) (Request, error) {
	if r.Card.TS == "" || r.Card.TS != e.TS {
		return r, no(DoesNotFit, "another card")
	}
	r.Card.TS, r.Card.Shown = "", 0
	return r, nil
}

func redrawn(r Request) (Request, error) {
	if r.Card.TS == "" {
		return r, no(DoesNotFit, "there is no card")
	}
	r.Card.Shown = min(r.Card.Shown, r.Visible-1)
	return r, nil
}

func forget(r Request) (Request, error) {
	if !r.State.Ended() {
		return r, no(DoesNotFit, "still open")
	}
	return Request{ID: r.ID}, nil
}

func on(r Request, e On, now time.Time) (Request, error) {
	if r.State != Approved || e.Call < 0 || e.Call >= len(r.Calls) {
		return r, no(DoesNotFit, "no such call to act on")
	}
	after, err := nextCall(r.Calls[e.Call], e.Event, now)
	if err != nil {
		return r, err
	}
	r.Calls[e.Call] = after
	return settle(r, now), nil
}

// settle ends a request whose last call has ended.
func settle(r Request, now time.Time) Request {
	if slices.ContainsFunc(r.Calls, func(c Call) bool { return !c.State.Ended() }) {
		return r
	}
	r.State, r.EndedAt = Done, now
	r.Notices = append(r.Notices, Notice{Kind: NoticeEnd, At: now})
	return r
}

// end ends a request without calls, from one of the given states. What never
// was on a card is told to the requester alone, so it needs no notice.
func end(r Request, to State, how End, now time.Time, from ...State) (Request, error) {
	if !slices.Contains(from, r.State) {
		return r, no(DoesNotFit, string(to)+" from "+string(r.State))
	}
	if r.State == Pending {
		r.Notices = append(r.Notices, Notice{Kind: NoticeEnd, At: now})
	}
	r.State, r.Ended, r.EndedAt = to, how, now
	return r, nil
}

// clone copies r as far as step changes it.
func clone(r Request) Request {
	r.Approvals = slices.Clone(r.Approvals)
	r.Calls = slices.Clone(r.Calls)
	r.Notices = slices.Clone(r.Notices)
	return r
}
