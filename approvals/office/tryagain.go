package office

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// Retry makes a new request of what did not work in an old one, once. An
// approver's click is the first approval of it, of the same action, comment and
// devices, but only for as long as an approval can be waited for, and while the
// first requester may still ask; else it is a request of whoever clicked. Who
// asked before never decides on it.
func (d *Desk) Retry(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	old, f, ch, everybody, err := d.retried(ctx, by, id)
	if err != nil {
		return old, err
	}
	if err := d.mayRetry(f, ch, old, digest); err != nil {
		return old, approvals.WithRequest(err, old)
	}
	r, err := d.retryOf(ctx, f, old)
	if err == nil {
		err = d.roster.enough(ctx, everybody, append(slices.Clone(r.Barred), r.By), ch, r.Terms.Needed)
	}
	if err != nil {
		return old, approvals.WithRequest(err, old)
	}
	most := d.most
	if len(r.Approvals) > 0 {
		most = 0 // an approver is not held up by how much the requester has open
	}
	return d.again(ctx, by.op(approvals.ToRetry, id, digest), old, r, most)
}

func (d *Desk) mayRetry(f approvals.Facts, ch approvals.Channel, old approvals.Request, digest string) error {
	switch {
	case len(old.Unfinished()) == 0:
		return approvals.Refuse(approvals.NothingToRetry, "")
	case digest != old.Digest():
		return approvals.Refuse(approvals.ShownDiffers, "")
	}
	return d.people.policy.May(approvals.ToRetry, f, ch, old)
}

// retryOf is the new request that a click of f on old makes.
func (d *Desk) retryOf(ctx context.Context, f approvals.Facts, old approvals.Request) (approvals.Request, error) {
	action, ok := d.store.Action(old.Action)
	if !ok {
		return approvals.Request{}, approvals.Refuse(approvals.UnknownAction, old.Action)
	}
	r := approvals.Request{
		Action: old.Action, Devices: old.Unfinished(), Comment: old.Comment, By: old.By, Place: old.Place, Terms: d.termsOf(action),
		RetryOf: old.ID, Barred: old.Barred,
	}
	counts, err := d.counts(ctx, f, old)
	if err == nil && !counts {
		f, err = d.people.asks(ctx, f, old.Action)
		err = notKnown(err)
	}
	switch {
	case err != nil:
		return approvals.Request{}, err
	case counts:
		r.Approvals = []approvals.Approval{{By: f.Person, At: d.store.Now()}}
	case !f.Asks:
		return approvals.Request{}, approvals.Refuse(approvals.NotARequester, "")
	case !f.Is(old.By):
		r.By, r.Barred = f.Person, append(slices.Clone(old.Barred), old.By)
	}
	return r, nil
}

// counts reports whether a click on Try again is an approval of what old asked
// for: somebody who decides, soon enough, for a requester who may still ask. It is
// one once: a chain of clicks must not keep one old wish alive for ever.
func (d *Desk) counts(ctx context.Context, f approvals.Facts, old approvals.Request) (bool, error) {
	late := !d.store.Now().Before(old.EndedAt.Add(old.Terms.ApprovalTTL))
	if late || old.RetryOf != "" || !f.Decides || old.Bars(f.Person) {
		return false, nil
	}
	today, err := d.people.today(ctx, old)
	if err != nil || today.Bars(f.Person) {
		return false, err
	}
	return d.people.stillAsks(ctx, old)
}

// again records the new request. Where one was made before and a crash kept the
// old record from saying so, it says so now.
func (d *Desk) again(ctx context.Context, op ledger.Op, old, r approvals.Request, most int) (approvals.Request, error) {
	made, err := d.store.Create(ctx, op, r, most)
	if refused, ok := approvals.AsRefusal(err); ok && refused.Why.Reason == approvals.AlreadyRetried {
		d.lookAfter(refused.Why.Detail)
		_, marked := d.store.Apply(ctx, ledger.NewOp(), old, func(approvals.Request) (approvals.Event, error) { return approvals.Retry{As: refused.Why.Detail}, nil })
		if _, before := approvals.AsRefusal(marked); !before {
			refused.Err = marked // else the next click does it
		}
	}
	return made, err
}

// retried reads the old request, and looks up at once what a retry of it has to
// know.
func (d *Desk) retried(ctx context.Context, by By, id string) (old approvals.Request, f approvals.Facts, ch approvals.Channel, everybody roll, err error) {
	if old, err = d.shown(ctx, by, id); err != nil {
		return old, f, ch, everybody, err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(safely(func() error { everybody = d.people.approvers(gctx, old.Action); return nil }))
	g.Go(safely(func() (err error) { f, err = d.people.facts(gctx, by.User, approvals.ToRetry, old); return err }))
	g.Go(safely(func() (err error) { ch, err = d.people.dir.Channel(gctx, by.Place.Channel); return err }))
	err = g.Wait()
	return old, f, ch, everybody, approvals.WithRequest(notKnown(err), old)
}
