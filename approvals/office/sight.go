package office

import (
	"context"
	"errors"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// blindAfter is how long Defender may not be asked about a call before its card says
// so, unless the reason lasts. A fresh job can be invisible for two minutes.
const blindAfter = 2 * time.Minute

// darkness is a time in which Defender could not be asked about a call; the zero value
// is none.
type darkness struct{ since, last time.Time }

// interrupted is after how long without a failure another one begins anew: another
// process may have followed the call meanwhile. Polls are up to five minutes apart.
const interrupted = 6 * time.Minute

// sightLost is what becomes of a call that Defender could not be asked about; nil: nothing
// that its card does not show.
func (w *Worker) sightLost(ctx context.Context, r approvals.Request, i int, err error) approvals.CallEvent {
	why, now := whyOf(err), w.store.Now()
	if e, is := errors.AsType[*defender.Error](err); is && w.readsEnded(ctx, r, i, e) {
		why.Reason = approvals.ReadsEnded
	}
	key := approvals.CallID(r.ID, i)
	dark, _ := w.blind.get(key, now)
	since := dark.value.since
	if since.IsZero() || now.Sub(dark.value.last) > interrupted {
		since = now
	}
	w.blind.put(key, darkness{since, now}, now)
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

// inSight notes that Defender could be asked about a call, and reports whether that is
// news for its card.
func (w *Worker) inSight(r approvals.Request, i int) (news bool) {
	key, now := approvals.CallID(r.ID, i), w.store.Now()
	if _, known := w.blind.get(key, now); known {
		w.blind.put(key, darkness{}, now)
	}
	return r.Calls[i].Blind.Reason != ""
}
