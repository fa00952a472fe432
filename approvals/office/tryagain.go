package office

import (
	"context"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// Retry makes a new request of what did not work in an old one, each device once, while
// others of it go on or when it is done. An approver's click is the first approval of it, of the same action, comment and
// devices, but only for as long as an approval can be waited for, and while the
// first requester may still ask; else it is a request of whoever clicked. Who
// asked before never decides on it.
func (d *Desk) Retry(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	p, err := d.pressedOn(ctx, by, id, digest, approvals.ToRetry, func(old approvals.Request) string { return old.Action })
	if err != nil {
		return p.old, err
	}
	op := by.op(approvals.ToRetry, id, digest)
	r, err := d.retryOf(ctx, p)
	if err != nil {
		return d.store.UnlessDone(ctx, op, p.old, approvals.WithRequest(err, p.old))
	}
	most := d.most
	if len(r.Approvals) > 0 {
		most = 0 // an approver is not held up by how much the requester has open
	}
	made, err := d.record(ctx, op, p, r, most)
	return made, d.markedAgain(ctx, p.old, err)
}

// retryOf is the new request that a click on Try again makes.
func (d *Desk) retryOf(ctx context.Context, p pressedOn) (approvals.Request, error) {
	if err := d.mayRetry(ctx, p); err != nil {
		return approvals.Request{}, err
	}
	action, ok := d.store.Action(p.old.Action)
	if !ok {
		return approvals.Request{}, approvals.Refuse(approvals.UnknownAction, p.old.Action)
	}
	r := d.from(p, action, p.old.Retryable())
	r.By, r.RetryOf, r.Barred = p.old.By, p.old.ID, p.old.Barred
	f := p.by
	counts, err := d.counts(ctx, f, p.old)
	if err == nil && !counts {
		f, err = d.people.asks(ctx, f, p.old.Action)
		err = notKnown(err)
	}
	switch {
	case err != nil:
		return approvals.Request{}, err
	case counts:
		r.Approvals, r.Escalated = []approvals.Approval{{By: f.Person, At: d.store.Now()}}, p.old.Escalated // who decided on that one decides on this
	case !f.Asks:
		return approvals.Request{}, approvals.Refuse(approvals.NotARequester, "")
	case !f.Is(p.old.By):
		r.By, r.Barred = f.Person, formerAskers(p.old, f.Person)
	}
	return r, nil
}

// mayRetry is a refusal for whoever may not try again, or where there is nothing to.
func (d *Desk) mayRetry(ctx context.Context, p pressedOn) error {
	if len(p.old.Unfinished()) == 0 {
		return approvals.Refuse(approvals.NothingToRetry, "")
	}
	if err := d.people.policy.May(approvals.ToRetry, p.by, p.channel, p.old); err != nil || len(p.old.Retryable()) > 0 {
		return err
	}
	why := approvals.Why{Reason: approvals.AlreadyRetried, Detail: p.old.RetriedAs}
	if made, err := d.store.Load(ctx, why.Detail); err == nil { // else there is less to tell
		why.Other = approvals.OtherOf(made, "")
	}
	return &approvals.Refusal{Why: why}
}

// triedAgain is what a retry is to the request that it was made from.
func triedAgain(made approvals.Request) approvals.Retry {
	e := approvals.Retry{As: made.ID, By: made.AskedBy()}
	for _, device := range made.Devices {
		e.Devices = append(e.Devices, device.ID)
	}
	return e
}

// counts reports whether a click on Try again is an approval of what old asked
// for: somebody who decides, soon enough, for a requester who may still ask. It is
// one once: a chain of clicks must not keep one old wish alive for ever.
func (d *Desk) counts(ctx context.Context, f approvals.Facts, old approvals.Request) (bool, error) {
	late := !d.store.Now().Before(old.RetryFrom().Add(old.Terms.ApprovalTTL))
	if late || old.RetryOf != "" || !f.Decides || old.Bars(f.Person) {
		return false, nil
	}
	today, err := d.people.today(ctx, old)
	if err != nil || today.Bars(f.Person) {
		return false, err
	}
	return d.people.stillAsks(ctx, old)
}

// markedAgain is the error of a new request. Where one was made before and a crash kept
// the old record from saying so, it says so now, and what is left can be tried again.
func (d *Desk) markedAgain(ctx context.Context, old approvals.Request, err error) error {
	refused, ok := approvals.AsRefusal(err)
	if !ok || refused.Why.Reason != approvals.AlreadyRetried {
		return err
	}
	d.lookAfter(refused.Why.Detail)
	made, marked := d.store.Load(ctx, refused.Why.Detail)
	if marked == nil {
		_, marked = d.store.Apply(ctx, ledger.NewOp(), old, func(approvals.Request) (approvals.Event, error) { return triedAgain(made), nil })
	}
	if _, before := approvals.AsRefusal(marked); !before {
		refused.Err = marked // else the next click does it
	}
	return err
}
