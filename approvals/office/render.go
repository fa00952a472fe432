package office

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// render brings what the channel shows of a request up to date. It renders
// the newest record until the chat shows it; after an unknown outcome it does
// so again, for a card that is drawn twice is still true.
func (w *Worker) render(ctx context.Context, l ledger.Lease, r approvals.Request) (again time.Time, committed bool, err error) {
	if !r.Behind() {
		return time.Time{}, false, nil
	}
	switch err = w.draw(ctx, l, r); {
	case err == nil:
		return time.Time{}, true, nil
	case errors.Is(err, errAnew):
		return w.store.Now(), false, nil
	}
	if _, wait := errors.AsType[*approvals.Later](err); !wait {
		w.log.WarnContext(ctx, "card update failed", "request", r.ID, "error", err)
	}
	return w.redraw(r, err), false, nil
}

// errAnew means that there is something else to show now.
var errAnew = errors.New("the request has changed; its card is drawn anew")

// leastPause is the shortest pause before the chat is tried again, whatever it
// says itself.
const leastPause = time.Second

// redraw is when a card that could not be drawn is tried again: when Slack says,
// or soon after the last change and then less and less often.
func (w *Worker) redraw(r approvals.Request, err error) time.Time {
	now, most := w.store.Now(), 5*time.Minute
	if later, ok := errors.AsType[*approvals.Later](err); ok {
		return now.Add(max(later.After, leastPause))
	}
	if _, refused := errors.AsType[*approvals.NoPlace](err); refused {
		most = time.Hour
	}
	return now.Add(min(max(now.Sub(r.LastChange())/4, 5*time.Second), most))
}

// editLimit is for how long after a change a card that cannot be changed is tried
// again. It says what is not so any more.
const editLimit = 24 * time.Hour

// draw shows r and says what was not said yet, and saves how far it came. What
// is left is tried again after a pause, and not at once.
func (w *Worker) draw(ctx context.Context, l ledger.Lease, r approvals.Request) error {
	was := approvals.Show{TS: r.Card.TS, Visible: r.Card.Shown, Told: r.Card.Told}
	shown := approvals.Show{TS: was.TS, Visible: r.Visible, Told: was.Told}
	var err, stale error
	if r.Card.Shown < r.Visible {
		shown.TS, err = w.chat.Show(ctx, r)
	}
	switch refused, is := errors.AsType[*approvals.NoPlace](err); {
	case errors.Is(err, approvals.ErrGone) && r.Card.TS != "":
		return w.drawn(ctx, l, r, approvals.Lose{TS: r.Card.TS}, nil)
	case is:
		shown.TS = was.TS
		if err := w.noPlace(ctx, l, r, refused); err != nil {
			return err
		}
		if was.TS != "" && w.store.Now().Sub(r.LastChange()) < editLimit {
			shown.Visible, stale = was.Visible, refused
		}
	case err != nil:
		if told := w.tellInstead(ctx, r, err); told != nil {
			return told
		}
		shown.TS = ""
	}
	said := w.speak(ctx, r, &shown)
	if shown != was {
		if err := w.drawn(ctx, l, r, shown, cmp.Or(said, stale)); err != nil {
			return err
		}
	}
	if errors.Is(said, approvals.ErrGone) {
		return w.drawn(ctx, l, r, approvals.Lose{TS: shown.TS}, said)
	}
	return cmp.Or(said, stale)
}

// tellInstead tells the requester alone how it ended where the channel takes no
// card of it now and never had one; nobody waits for one any more. Else, and where
// that was tried just now, it is the error.
func (w *Worker) tellInstead(ctx context.Context, r approvals.Request, err error) error {
	_, wait := errors.AsType[*approvals.Later](err)
	if wait || r.Card.TS != "" || !r.State.Ended() || r.ForRequesterAlone() || w.chat.Tell(ctx, r) != nil {
		return err
	}
	w.log.WarnContext(ctx, "card not posted, requester told privately", "request", r.ID, "error", err)
	return nil
}

// drawn saves what the channel shows. What is left after trouble is tried again
// when redraw says.
func (w *Worker) drawn(ctx context.Context, l ledger.Lease, r approvals.Request, e approvals.Event, trouble error) error {
	if trouble != nil {
		l = l.NotBefore(w.redraw(r, trouble))
	}
	return w.apply(ctx, l, r, e)
}

// speak says the notices that were not said yet. Without a card there is no
// thread, and the requester was told otherwise. A reply that the channel does not
// take is left out: nothing hangs on it.
func (w *Worker) speak(ctx context.Context, r approvals.Request, shown *approvals.Show) error {
	if shown.TS == "" {
		shown.Told = len(r.Notices)
		return nil
	}
	r.Card.TS = shown.TS
	for ; shown.Told < len(r.Notices); shown.Told++ {
		if r.Notices[shown.Told].Kind == approvals.NoticeReminder && r.State != approvals.Pending {
			continue // somebody has decided meanwhile
		}
		err := w.chat.Say(ctx, r, shown.Told)
		refused, is := errors.AsType[*approvals.NoPlace](err)
		switch {
		case is:
			w.logRefusal(ctx, "reply", r, refused)
		case errors.Is(err, approvals.ErrUnthreaded):
			shown.Told++
			return err
		case err != nil:
			return err
		}
	}
	return nil
}

// noPlace is what becomes of a request whose card is refused. Nobody can decide
// on what nobody ever saw; one that has a card keeps it as it is, and what is
// decided already goes on without one.
func (w *Worker) noPlace(ctx context.Context, l ledger.Lease, r approvals.Request, refused *approvals.NoPlace) error {
	w.logRefusal(ctx, "card", r, refused)
	if r.State == approvals.Pending && r.Card.TS == "" {
		return cmp.Or(w.apply(ctx, l, r, approvals.Reject{Why: refused.Why}), errAnew) // and now tell the requester that
	}
	if !r.State.Ended() || r.Card.TS != "" && r.Card.Told == len(r.Notices) {
		return nil
	}
	err := w.chat.Tell(ctx, r)
	if unreachable, is := errors.AsType[*approvals.NoPlace](err); is {
		w.logRefusal(ctx, "private word to the requester", r, unreachable)
		return nil
	}
	return err
}

// logRefusal writes down what the chat does not take. A mistake of ours is an
// error.
func (w *Worker) logRefusal(ctx context.Context, what string, r approvals.Request, refused *approvals.NoPlace) {
	level := slog.LevelWarn
	if refused.Why.Reason == approvals.CardRefused {
		level = slog.LevelError
	}
	w.log.Log(ctx, level, "message refused by slack", "what", what, "request", r.ID, "channel", r.Place.Channel,
		"reason", refused.Why.Reason, "detail", refused.Why.Detail, "error", refused.Err)
}
