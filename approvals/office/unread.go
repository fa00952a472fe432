package office

import (
	"context"
	"log/slog"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// unread lets go of a request that is gone, that must not be acted on, or that
// could not be read this time.
func (w *Worker) unread(ctx context.Context, l ledger.Lease, id string, err error) {
	now := w.store.Now()
	switch {
	case approvals.IsRefusal(err, approvals.NoSuchRequest):
		w.free(ctx, l, id)
	case approvals.IsRefusal(err, approvals.NewerRecord):
		w.leaveAlone(ctx, id, err, slog.LevelError)
		w.finish(ctx, l, now.Add(othersTurn), approvals.Request{})
	case approvals.IsRefusal(err, approvals.BrokenRecord):
		w.leaveAlone(ctx, id, err, slog.LevelError)
		w.finish(ctx, l, now.Add(5*time.Minute), approvals.Request{})
	default:
		w.log.WarnContext(ctx, "request load failed", "request", id, "error", err)
		w.finish(ctx, l, now.Add(stepRetry), approvals.Request{})
	}
}

// free takes out what names a request that is gone: in a queue it would keep others
// waiting.
func (w *Worker) free(ctx context.Context, l ledger.Lease, id string) {
	freed, err := w.store.Free(ctx, id)
	switch {
	case err != nil:
		w.log.WarnContext(ctx, "request gone, its places not freed", "request", id, "error", err)
		w.finish(ctx, l, w.store.Now().Add(stepRetry), approvals.Request{})
	case freed > 0:
		w.log.WarnContext(ctx, "request gone, its places freed", "request", id, "member", l.Member, "places", freed)
	default: // it is there after all, or others have freed them
		w.finish(ctx, l, w.store.Now().Add(stepRetry), approvals.Request{})
	}
}

// othersTurn is how long a request is left to a version that can act on it, at
// least.
const othersTurn = time.Second

// leaveAlone writes down, once, that a request is not acted on.
func (w *Worker) leaveAlone(ctx context.Context, id string, err error, level slog.Level) {
	if !w.once("record left alone " + id) {
		return
	}
	refused, _ := approvals.AsRefusal(err)
	w.log.Log(ctx, level, "record left alone", "request", id, "reason", refused.Why.Reason, "detail", refused.Why.Detail,
		"key", w.store.Key(id), "error", refused.Err)
}
