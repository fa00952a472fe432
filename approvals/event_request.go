package approvals

import (
	"slices"
	"strings"
	"time"
)

// Ask makes a request. It is the only event of the empty request.
type Ask struct {
	Request Request
	Anyway  bool // although it may be known that Defender refuses it, because Microsoft has ended it
}

func (Ask) name() string { return "ask" }

func (e Ask) line() (by Person, detail string) {
	detail = e.Request.Action + " in " + e.Request.Place.Channel
	if e.Anyway {
		detail += ", anyway"
	}
	return e.Request.By, detail
}

func (e Ask) typed() string { return e.Request.Comment }

func (e Ask) apply(r Request, now time.Time) (Request, error) {
	if r.State != "" {
		return r, Refuse(DoesNotFit, "asked twice")
	}
	made := e.Request
	made.State, made.Asked = Checking, now
	return made, nil
}

// Resolve pins the devices that were looked up and puts the request to the
// approvers.
type Resolve struct {
	Devices []Device
	Budget  Budget
	Beyond  bool // with it, its requester's devices of an hour would go beyond Terms.Reach
}

func (Resolve) name() string { return "resolve" }

func (e Resolve) line() (by Person, detail string) {
	return Person{}, strings.Join(Request{Devices: e.Devices}.deviceIDs(), ",") + oneMore(e.Beyond)
}

// oneMore is what the trail says of an event by which a request needs one more approver.
func oneMore(beyond bool) string {
	if beyond {
		return " beyond reach"
	}
	return ""
}

func (e Resolve) apply(r Request, now time.Time) (Request, error) {
	if r.State != Checking || r.Forced {
		return r, Refuse(DoesNotFit, "resolve in "+string(r.State))
	}
	if len(e.Devices) != len(r.Devices) || slices.ContainsFunc(e.Devices, func(d Device) bool { return d.ID == "" }) {
		return r, Refuse(DoesNotFit, "a device without an id")
	}
	r.State, r.Opened, r.Devices, r.Budget, r.Choice = Pending, now, e.Devices, e.Budget, Choice{}
	if e.Beyond {
		r = goBeyond(r)
	}
	if len(r.Approvals) >= r.Terms.Needed { // a retry that an approver asked for
		return queueCalls(r, now), nil
	}
	return r, nil
}

// Reject ends a request that cannot be submitted for approval.
type Reject struct{ Why Why }

func (Reject) name() string { return "reject" }

func (e Reject) line() (by Person, detail string) { return Person{}, e.Why.brief() }

func (e Reject) apply(r Request, now time.Time) (Request, error) {
	return end(r, Rejected, End{Why: e.Why}, now, Checking, Pending)
}

// Approve is one person's yes to what Digest stands for.
type Approve struct {
	By     Person
	Digest string
	Joined time.Time // see [Approval]
	Beyond bool      // with this approval, its requester's devices of an hour would go beyond Terms.Reach
}

func (Approve) name() string { return "approve" }

func (e Approve) line() (by Person, detail string) { return e.By, e.Digest + oneMore(e.Beyond) }

func (e Approve) apply(r Request, now time.Time) (Request, error) {
	if err := r.decidable(e.By, e.Digest, now); err != nil {
		return r, err
	}
	if slices.ContainsFunc(r.Approvals, func(a Approval) bool { return a.By.Is(e.By) }) {
		return r, Refuse(AlreadyApproved, "")
	}
	if e.Beyond {
		r = goBeyond(r)
	}
	r.Approvals = append(r.Approvals, Approval{By: e.By, At: now, Joined: e.Joined})
	switch {
	case len(r.Approvals) < r.Terms.Needed:
		return r, nil
	case r.Unfreezes(): // there is nothing to send
		return settle(r, now), nil
	}
	return queueCalls(r, now), nil
}

// Deny is one approver's no; it ends the request.
type Deny struct {
	By     Person
	Digest string
	Text   string
}

func (Deny) name() string { return "deny" }

func (e Deny) line() (by Person, detail string) { return e.By, "" }
func (e Deny) typed() string                    { return e.Text }

func (e Deny) apply(r Request, now time.Time) (Request, error) {
	if err := r.decidable(e.By, e.Digest, now); err != nil {
		return r, err
	}
	return end(r, Denied, End{By: e.By, Text: e.Text}, now, Pending)
}

// Cancel takes a request back that is not decided. Once approved, it stops the
// calls that still wait; what was sent cannot be called back.
type Cancel struct{ By Person }

func (Cancel) name() string { return "cancel" }

func (e Cancel) line() (by Person, detail string) { return e.By, "" }

func (e Cancel) apply(r Request, now time.Time) (Request, error) {
	if r.State != Approved {
		if r.State.Ended() || r.State == "" {
			return r, Refuse(AlreadyDecided, string(r.State))
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
		return r, Refuse(NothingToCancel, "")
	}
	return settle(r, now), nil
}

// Expire ends a request that nobody decided in time.
type Expire struct{}

func (Expire) name() string { return "expire" }

func (Expire) line() (by Person, detail string) { return Person{}, "" }

func (Expire) apply(r Request, now time.Time) (Request, error) {
	if r.State == Pending && now.Before(r.Deadline()) {
		return r, Refuse(DoesNotFit, "before its time")
	}
	return end(r, Expired, End{}, now, Pending)
}

// Remind says half-way that nobody has decided yet, and daily that nobody has reviewed what
// was done alone.
type Remind struct{}

func (Remind) name() string { return "remind" }

func (Remind) line() (by Person, detail string) { return Person{}, "" }
func (Remind) touches() (face, trail bool)      { return false, true }

func (Remind) apply(r Request, now time.Time) (Request, error) {
	if r.UnderReview() && !now.Before(r.reviewDue()) {
		r.Review.Reminded = now
		r.Notices = append(r.Notices, Notice{Kind: NoticeReview, At: now})
		return r, nil
	}
	if r.State != Pending || r.reminded() || !now.Before(r.Deadline()) {
		return r, Refuse(DoesNotFit, "nothing to remind of")
	}
	r.Notices = append(r.Notices, Notice{Kind: NoticeReminder, At: now})
	return r, nil
}

// Forget removes an ended request after its retention.
type Forget struct{}

func (Forget) name() string { return "forget" }

func (Forget) line() (by Person, detail string) { return Person{}, "" }
func (Forget) touches() (face, trail bool)      { return false, true }

func (Forget) apply(r Request, _ time.Time) (Request, error) {
	if !r.State.Ended() || r.UnderReview() {
		return r, Refuse(DoesNotFit, "still open")
	}
	return Request{ID: r.ID}, nil
}
