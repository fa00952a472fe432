package office

import (
	"context"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// nameAgain is how long a device that could not be looked up late is left alone. People
// know it by its id until then.
const nameAgain = 10 * time.Minute

// nameLimit is for how long one step asks for names: the news of calls, which it brings too,
// are not to wait long for them.
const nameLimit = 5 * time.Second

// nameLate looks a device up that Defender could not be asked about when it was asked for,
// now that Defender has answered about its call: people read its name on the card. It
// reports whether there is one now. Nothing but Redis is worth an error. It asks until
// asking ends.
func (w *Worker) nameLate(ctx, asking context.Context, l ledger.Lease, r approvals.Request, i int) (approvals.Request, bool, error) {
	if asking.Err() != nil || !w.lacksName(r, i) {
		return r, false, nil //nolint:nilerr // there is no more time for it, which is no trouble
	}
	if at, err := w.store.BookReads(ctx, defender.MachinesEndpoint(), 1, ledger.ForPolling()); err != nil || !at.IsZero() {
		return r, false, err
	}
	w.named.put(approvals.CallID(r.ID, i), struct{}{}, w.store.Now())
	f, err := w.lookUp(asking, approvals.Device{ID: r.Devices[i].ID})
	if err != nil {
		w.warn(ctx, "look up the device late", err, r, i)
		w.backOff(ctx, defender.MachinesEndpoint(), err)
		return r, false, nil
	}
	if f.device.ID != r.Devices[i].ID { // it was merged into another, or is excluded
		return r, false, nil
	}
	after, err := w.store.ApplyLeased(ctx, l, r, func(approvals.Request) (approvals.Event, error) { return approvals.Name{Device: f.device}, nil })
	return after, err == nil, err
}

// lacksName reports whether a device is to be looked up for its name now.
func (w *Worker) lacksName(r approvals.Request, i int) bool {
	now := w.store.Now()
	tried, known := w.named.get(approvals.CallID(r.ID, i), now)
	return !r.Devices[i].Verified && r.State == approvals.Approved && (!known || now.Sub(tried.at) >= nameAgain)
}
