package approvals

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Retryable are the devices of r on which its call did not come to its end: it
// failed, lapsed, or nobody knows. None before r is done, and none once it was
// tried again.
func (r Request) Retryable() []Device {
	if r.RetriedAs != "" {
		return nil
	}
	return r.notDone()
}

// notDone are the devices on which a call of r that is done did not come to its
// end.
func (r Request) notDone() []Device {
	if r.State != Done {
		return nil
	}
	var devices []Device
	for i, c := range r.Calls {
		switch c.State {
		case Failed, Lapsed, Unknown:
			devices = append(devices, r.Devices[i])
		case Queued, Sending, Running, Uncertain, Succeeded, CallCancelled:
		}
	}
	return devices
}

// Retry makes a new request of what did not work in an old one, once. An
// approver's click is the first approval of it, of the same action, comment and
// devices, but only for as long as an approval can be waited for, and while the
// first requester may still ask; else it is a request of whoever clicked. Who
// asked before never decides on it.
func (d *Desk) Retry(ctx context.Context, by By, id, digest string) (Request, error) {
	old, f, ch, everybody, err := d.retried(ctx, by, id)
	if err != nil {
		return old, err
	}
	if err := d.mayRetry(f, ch, old, digest); err != nil {
		return old, withRequest(err, old)
	}
	r, err := d.retryOf(ctx, f, old)
	if err == nil {
		err = d.roster.enough(ctx, everybody, append(slices.Clone(r.Barred), r.By), ch, r.Terms.Needed)
	}
	if err != nil {
		return old, withRequest(err, old)
	}
	most := d.most
	if len(r.Approvals) > 0 {
		most = 0 // an approver is not held up by how much the requester has open
	}
	return d.again(ctx, by.op(ToRetry, id, digest), old, r, most)
}

func (d *Desk) mayRetry(f Facts, ch Channel, old Request, digest string) error {
	switch {
	case len(old.notDone()) == 0:
		return no(NothingToRetry, "")
	case digest != old.Digest():
		return no(ShownDiffers, "")
	}
	return d.policy.May(ToRetry, f, ch, old)
}

// retryOf is the request that a click of f makes of old.
func (d *Desk) retryOf(ctx context.Context, f Facts, old Request) (Request, error) {
	action, ok := d.store.Action(old.Action)
	if !ok {
		return Request{}, no(UnknownAction, old.Action)
	}
	r := Request{
		Action: old.Action, Devices: old.notDone(), Comment: old.Comment, By: old.By, Place: old.Place, Terms: d.terms,
		RetryOf: old.ID, Barred: old.Barred,
	}
	r.Terms.Needed, r.Terms.Horizon = d.policy.needed(old.Action), action.Horizon
	counts, err := d.counts(ctx, f, old)
	if err == nil && !counts {
		f, err = d.policy.asks(ctx, d.people, f)
		err = unknown(err)
	}
	switch {
	case err != nil:
		return Request{}, err
	case counts:
		r.Approvals = []Approval{{By: f.Person, At: d.store.Now()}}
	case !f.Asks:
		return Request{}, no(NotARequester, "")
	case !f.Is(old.By):
		r.By, r.Barred = f.Person, append(slices.Clone(old.Barred), old.By)
	}
	return r, nil
}

// counts reports whether a click on Try again is an approval of what old asked
// for: somebody who decides, soon enough, for a requester who may still ask. It is
// one once: a chain of clicks must not keep one old wish alive for ever.
func (d *Desk) counts(ctx context.Context, f Facts, old Request) (bool, error) {
	late := !d.store.Now().Before(old.EndedAt.Add(old.Terms.ApprovalTTL))
	if late || old.RetryOf != "" || !f.Decides || old.bars(f.Person) {
		return false, nil
	}
	today, err := d.policy.today(ctx, d.people, old)
	if err != nil || today.bars(f.Person) {
		return false, err
	}
	return d.policy.stillAsks(ctx, d.people, old)
}

// again records the new request. Where one was made before and a crash kept the
// old record from saying so, it says so now.
func (d *Desk) again(ctx context.Context, op Op, old, r Request, most int) (Request, error) {
	made, err := d.store.Create(ctx, op, r, most)
	if refused, ok := asNo(err); ok && refused.Why.Reason == AlreadyRetried {
		d.sendTo(refused.Why.Detail)
		_, _ = d.store.Apply(ctx, newOp(), old, func(Request) (Event, error) { return Retry{As: refused.Why.Detail}, nil }) // else the next click does
	}
	return made, err
}

// retried looks up at once what a retry has to know.
func (d *Desk) retried(ctx context.Context, by By, id string) (old Request, f Facts, ch Channel, everybody roll, err error) {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(safely(func() error { everybody = d.policy.Approvers.everybody(gctx, d.people); return nil }))
	g.Go(safely(func() (err error) { old, err = d.store.Load(gctx, id); return err }))
	g.Go(safely(func() (err error) { f, err = d.policy.facts(gctx, d.people, by.User, ToRetry); return unknown(err) }))
	g.Go(safely(func() (err error) { ch, err = d.people.Channel(gctx, by.Place.Channel); return unknown(err) }))
	if err := g.Wait(); err != nil {
		return old, f, ch, everybody, withRequest(refusedOr(err, ErrNotRecorded), old)
	}
	if err := by.shown(old); err != nil {
		return old, f, ch, everybody, err
	}
	f, err = d.policy.involve(ctx, d.people, f, old)
	return old, f, ch, everybody, withRequest(unknown(err), old)
}

// mark writes into the old record what it is tried again as, so that its card
// says so. The new record's claim has made the retry the only one already, and a
// click on the old card marks it too. A no means that it is written there, or that the old record is forgotten.
func (w *Worker) mark(ctx context.Context, r Request) error {
	if r.RetryOf == "" {
		return nil
	}
	old, err := w.store.Load(ctx, r.RetryOf)
	if err == nil {
		err = w.happen(ctx, claimed{}, old, Retry{As: r.ID})
	}
	if _, refused := asNo(err); refused {
		return nil
	}
	return err
}
