package office

import (
	"context"
	"errors"
	"strconv"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// offer shows the requester of r what there is to choose from, until it was shown, and
// then leaves them the time for it. After a crash it is shown once more.
func (w *Worker) offer(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, error) {
	if r.Choice.Asked {
		return approvals.Due(r, approvals.Clock, w.store.Now()), nil
	}
	err := w.chat.Offer(ctx, r)
	if later, wait := errors.AsType[*approvals.Later](err); wait {
		return w.store.Now().Add(max(later.After, leastPause)), nil
	}
	if err != nil {
		w.log.WarnContext(ctx, "choice of device not shown", "request", r.ID, "error", err)
		pause := max(w.store.Now().Sub(r.Choice.At)/4, stepRetry)
		return approvals.Earliest(w.store.Now().Add(pause), r.ChoiceEnds()), nil
	}
	return time.Time{}, w.apply(ctx, l, r, approvals.Offered{At: r.Choice.At})
}

// Pick takes the choice of a device of a request by its requester, who goes on with it.
func (d *Desk) Pick(ctx context.Context, by By, id string, device int, chosen string) (approvals.Request, error) {
	op := by.op(approvals.ToPick, id, strconv.Itoa(device), chosen)
	r, f, err := d.loadPrivately(ctx, by, id, approvals.ToPick)
	if err != nil {
		return d.store.UnlessDone(ctx, op, r, err)
	}
	return d.store.Apply(ctx, op, r, func(approvals.Request) (approvals.Event, error) {
		return approvals.Pick{By: f.Person, Device: device, ID: chosen}, nil
	})
}
