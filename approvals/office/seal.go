package office

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/audit"
)

const (
	sealEvery    = time.Minute // what was written
	silenceEvery = time.Hour   // that nothing was
)

// tend sees, once a minute, that the sealing of the audit trail is on the agenda: whatever
// becomes of Redis, it goes on.
func (w *Worker) tend(ctx context.Context) {
	now := w.store.Clock()
	if !w.tended.IsZero() && now.Sub(w.tended) < sealEvery {
		return
	}
	w.tended = now
	if err := w.store.TendSeals(ctx); err != nil && ctx.Err() == nil {
		w.log.WarnContext(ctx, "sealing of the audit trail not scheduled", "error", err)
	}
}

// seal seals what was written to the audit trail.
func (w *Worker) seal(ctx context.Context, l ledger.Lease) {
	more, err := w.sealOnce(ctx)
	again := w.store.Now().Add(sealEvery)
	switch {
	case errors.Is(err, ledger.ErrSealedSince):
		w.log.DebugContext(ctx, "lost the race for a seal", "error", err)
	case err != nil:
		w.log.ErrorContext(ctx, "audit trail not sealed", "error", err)
	case more:
		again = w.store.Now()
	}
	w.finish(ctx, l, again, approvals.Request{})
}

// sealOnce adds one seal, if it is time for one, and reports whether there is enough for
// another. The log has each seal that was added: who keeps the log can tell whether the
// trail was changed since.
func (w *Worker) sealOnce(ctx context.Context) (more bool, err error) {
	b, err := w.store.Unsealed(ctx)
	if err != nil {
		return false, err
	}
	for _, id := range b.None {
		if w.once("no audit entry " + id) {
			w.log.ErrorContext(ctx, "not an audit entry, so no seal covers it", "entry", id)
		}
	}
	if len(b.Entries) == 0 && b.Before.Number > 0 && b.At.Sub(b.Before.At).Abs() < silenceEvery {
		return false, nil
	}
	seal, err := w.sealer.Seal(b.Before, b.Entries, b.At)
	if err != nil {
		return false, err
	}
	if err := w.store.Seal(ctx, b, seal); err != nil {
		return false, err
	}
	w.log.LogAttrs(ctx, audit.LogLevel, "audit sealed", slog.Int64("seal", seal.Number), slog.Int("entries", seal.Count), slog.String("note", seal.Note))
	return b.More, nil
}
