package office

import (
	"context"
	"slices"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// beyondReach reports whether n devices more would go beyond what the requester of r may
// reach in an hour, as far as can be seen before the commit that approves.
func (w *Worker) beyondReach(ctx context.Context, r approvals.Request, n int) (bool, error) {
	if r.Terms.Reach == 0 {
		return false, nil
	}
	reached, err := w.store.Reached(ctx, r.By)
	return reached+n > r.Terms.Reach, err
}

// tooFewForReach is why a request that needs one more approver goes no further.
func tooFewForReach(r approvals.Request) approvals.Why {
	return approvals.Why{Reason: approvals.TooFewForReach, Detail: r.Terms.ReachInWords()}
}

// lacks reports whether it is certain that fewer than needed people could decide on r.
// Where it is not known, r waits for them and expires if they do not come.
func (r *Roster) lacks(ctx context.Context, about approvals.Request, needed int) bool {
	ch, err := r.people.dir.Channel(ctx, about.Place.Channel)
	if err != nil {
		return false
	}
	asked := append(slices.Clone(about.Barred), about.By)
	return approvals.IsRefusal(r.enough(ctx, r.people.approvers(ctx, about.Action), asked, ch, needed), approvals.NobodyElse)
}

// approve commits a yes. Where it would go beyond what the requester may reach, it counts and
// one more approver is needed; if there is nobody who could be that, the request ends.
func (d *Desk) approve(ctx context.Context, op ledger.Op, r approvals.Request, yes approvals.Approve) (approvals.Request, ledger.Lease, error) {
	decide := func(approvals.Request) (approvals.Event, error) { return yes, nil }
	after, l, err := d.store.ApplyAndLease(ctx, op, r, decide)
	if !ledger.BeyondReach(err) {
		return after, l, err
	}
	if d.roster.lacks(ctx, r, r.Terms.Needed+1) {
		why := tooFewForReach(r)
		after, err = d.store.Apply(ctx, ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return approvals.Reject{Why: why}, nil })
		if err == nil {
			err = &approvals.Refusal{Why: why, Request: after}
		}
		return after, ledger.Lease{}, err
	}
	yes.Beyond = true
	return d.store.ApplyAndLease(ctx, op, r, decide)
}
