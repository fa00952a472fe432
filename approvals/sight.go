package approvals

import "context"

// sendTo notes that somebody was told to look at the card of a request, so that
// this process sees to it that there is one. It does not wait.
func (w *Worker) sendTo(id string) {
	select {
	case w.sent <- id:
	default: // enough others are looked at
	}
}

// see has the card of a request drawn again, because somebody was sent to it: a
// card that was deleted is found missing then, and posted again.
func (w *Worker) see(ctx context.Context, id string) {
	r, err := w.store.Load(ctx, id)
	if err == nil {
		err = w.happen(ctx, claimed{}, r, Redraw{})
	}
	if refused, is := asNo(err); is && (refused.Why.Reason == DoesNotFit || refused.Why.Reason == NoSuchRequest) {
		return // there is no card yet, or no request any more
	}
	if err != nil {
		w.log.WarnContext(ctx, "nobody can see to it that a card is there", "request", id, "error", err)
	}
}
