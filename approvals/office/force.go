package office

import (
	"context"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// Force is Ask without a second person (break-glass): by an approver of the action, where
// that is switched on, on one device, three times an hour at most and within what the person
// may reach. It is refused where it is certain that nobody else could ever review it.
func (d *Desk) Force(ctx context.Context, by By, w Wish) (approvals.Request, error) {
	action, ok := d.store.Action(w.Action)
	if !ok {
		return approvals.Request{}, approvals.Refuse(approvals.UnknownAction, w.Action)
	}
	f, ch, everybody, err := d.lookUp(ctx, by, approvals.ToForce, w.Action)
	if err != nil {
		return approvals.Request{}, notKnown(err)
	}
	if err := d.people.policy.May(approvals.ToForce, f, ch, approvals.Request{Action: w.Action}); err != nil {
		return approvals.Request{}, err
	}
	if err := d.roster.enough(ctx, everybody, []approvals.Person{f.Person}, ch, 1); approvals.IsRefusal(err, approvals.NobodyElse) {
		return approvals.Request{}, err
	}
	r := approvals.Request{
		Action: w.Action, Devices: w.Devices, Comment: w.Comment, Forced: true,
		By: f.Person, Place: by.Place, Terms: d.termsOf(action),
	}
	made, err := d.store.CreateForced(ctx, by.op(approvals.ToForce, w.parts(r)...), r)
	if id := approvals.OpenElsewhere(err); id != "" {
		d.lookAfter(id)
	}
	if why, capped := tooMuchAlone(err, r); capped {
		return approvals.Request{}, &approvals.Refusal{Why: why}
	}
	return made, err
}

// tooMuchAlone is the reason in an error for which somebody may not act alone now.
func tooMuchAlone(err error, r approvals.Request) (why approvals.Why, is bool) {
	switch {
	case ledger.ForcedTooOften(err):
		return approvals.Why{Reason: approvals.ForcedTooOften}, true
	case ledger.BeyondReach(err):
		return approvals.Why{Reason: approvals.ForcedBeyond, Detail: r.Terms.ReachInWords()}, true
	}
	return why, false
}

// force has the call made of a request whose requester acts alone.
func (w *Worker) force(ctx context.Context, l ledger.Lease, r approvals.Request, devices []approvals.Device, budget approvals.Budget) error {
	err := w.apply(ctx, l, r, approvals.Force{By: r.By, Devices: devices, Budget: budget})
	if why, capped := tooMuchAlone(err, r); capped {
		return w.apply(ctx, l, r, approvals.Reject{Why: why})
	}
	return err
}

// stillForces is [Worker.stillGood] for what somebody does alone: they still have to be an
// approver of the action, and break-glass has to be on.
func (w *Worker) stillForces(ctx context.Context, r approvals.Request, i int) approvals.CallEvent {
	f, ch, err := w.people.factsIn(ctx, r.By.ID, approvals.ToForce, r)
	switch {
	case err != nil:
		w.logOf(r, i).WarnContext(ctx, "last check before sending failed", "reason", approvals.ForcerUnchecked, "user", r.By.ID, "error", err)
		return approvals.Wait{Why: approvals.Why{Reason: approvals.ForcerUnchecked, Detail: r.By.ID}, Hold: w.holdUntil(r)}
	case !w.people.policy.StillForces(f, ch):
		return approvals.Lapse{Why: approvals.Why{Reason: approvals.ForcerGone, Detail: r.By.ID}}
	}
	return nil
}

// Review takes what another approver writes about what was done alone, and closes its review.
func (d *Desk) Review(ctx context.Context, by By, id, digest, text string) (approvals.Request, error) {
	return d.end(ctx, by, id, approvals.ToReview, by.op(approvals.ToReview, id, digest, text), func(_ approvals.Request, p approvals.Person) (approvals.Event, error) {
		return approvals.CloseReview{By: p, Digest: digest, Text: text}, nil
	})
}

// MayReview is the request, and a refusal where a review of it by that person would be
// refused now: enough to open a form that is checked again when it is sent.
func (d *Desk) MayReview(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	r, f, err := d.load(ctx, by, id, approvals.ToReview)
	if err == nil {
		_, err = approvals.Next(r, approvals.CloseReview{By: f.Person, Digest: digest, Text: "seen"}, d.store.Now())
	}
	return r, approvals.WithRequest(err, r)
}
