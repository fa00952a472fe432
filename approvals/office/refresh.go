package office

import (
	"context"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// lookAfter notes that somebody was told to look at the card of a request, so that
// this process sees to it that there is one. It does not wait.
func (w *Worker) lookAfter(id string) {
	select {
	case w.toRefresh <- id:
	default: // enough others are looked at
	}
}

// refreshCard has the card of a request drawn again, because somebody was sent to it: a
// card that was deleted is found missing then, and posted again.
func (w *Worker) refreshCard(ctx context.Context, id string) {
	r, err := w.store.Load(ctx, id)
	if err == nil {
		err = w.apply(ctx, ledger.Lease{}, r, approvals.Redraw{})
	}
	if refused, is := approvals.AsRefusal(err); is && (refused.Why.Reason == approvals.DoesNotFit || refused.Why.Reason == approvals.NoSuchRequest) {
		return // there is no card yet, or no request any more
	}
	if err != nil {
		w.log.WarnContext(ctx, "card refresh failed", "request", id, "error", err)
	}
}
