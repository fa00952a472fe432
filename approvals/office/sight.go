package office

import (
	"context"
	"time"

	"defenderbot/approvals"
)

// blindAfter is how long Defender may not be asked about a call before its card says
// so, unless the reason lasts. A fresh job can be invisible for two minutes.
const blindAfter = 2 * time.Minute

// lost is what becomes of a call that Defender could not be asked about; nil: nothing
// that its card does not show.
func (w *Worker) lost(ctx context.Context, r approvals.Request, i int, err error) approvals.CallEvent {
	why, now := whyOf(err), w.store.Now()
	key := approvals.CallID(r.ID, i)
	since := now
	if first, known := w.blind.get(key, now); known && !first.value.IsZero() {
		since = first.value
	} else {
		w.blind.put(key, now, now)
	}
	lasting, long := lasts(why.Reason), now.Sub(since) >= blindAfter
	if long || why.Reason != approvals.NotShown {
		w.warn(ctx, "follow the call", err, r, i)
	}
	switch shown := r.Calls[i].Blind.Reason; {
	case shown == why.Reason, shown != "" && !lasting, !lasting && !long:
		return nil
	}
	return approvals.LoseSight{Why: why, Since: since}
}

// seen notes that Defender could be asked about a call, and reports whether that is
// news for its card.
func (w *Worker) seen(r approvals.Request, i int) (news bool) {
	key, now := approvals.CallID(r.ID, i), w.store.Now()
	if first, known := w.blind.get(key, now); known && !first.value.IsZero() {
		w.blind.put(key, time.Time{}, now)
	}
	return r.Calls[i].Blind.Reason != ""
}
