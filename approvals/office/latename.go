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
	key, now := approvals.CallID(r.ID, i), w.store.Now()
	tried, known := w.named.get(key, now)
	if asking.Err() != nil || r.Devices[i].Verified || r.State != approvals.Approved || known && now.Sub(tried.at) < nameAgain {
		return r, false, nil
	}
	if at, err := w.store.BookReads(ctx, defender.MachinesEndpoint(), 1, ledger.ForPolling()); err != nil || !at.IsZero() {
		return r, false, err
	}
	w.named.put(key, struct{}{}, now)
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
