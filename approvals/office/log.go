package office

import (
	"cmp"
	"context"
	"log/slog"

	"defenderbot/approvals"
)

// logOf is the log of call i of r: every line about a call names it and its device.
func (w *Worker) logOf(r approvals.Request, i int) *slog.Logger {
	return w.log.With("request", r.ID, "call", i, "device", cmp.Or(r.Devices[i].ID, r.Devices[i].Name))
}

// warn writes down for the operator that Defender could not be asked: once for each
// device and reason, since it is asked again and again.
func (w *Worker) warn(ctx context.Context, what string, err error, r approvals.Request, i int) {
	why := whyOf(err)
	if w.once(what + " " + approvals.CallID(r.ID, i) + " " + string(why.Reason)) {
		w.logOf(r, i).WarnContext(ctx, "defender request failed", "what", what, "reason", why.Reason, "error", err)
	}
}

// once reports whether nothing was said under that key before, as far as this
// process remembers.
func (w *Worker) once(key string) bool {
	now := w.store.Now()
	if _, known := w.said.get(key, now); known {
		return false
	}
	w.said.put(key, struct{}{}, now)
	return true
}
