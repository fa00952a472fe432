package office

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	if _, wait := errors.AsType[*approvals.Later](err); !wait && w.once("card update failed "+r.ID+" "+err.Error()) {
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
	now := w.store.Now()
	if later, ok := errors.AsType[*approvals.Later](err); ok {
		return now.Add(max(later.After, leastPause))
	}
	age, most := now.Sub(r.LastChange()), 5*time.Minute
	_, refused := errors.AsType[*approvals.NoPlace](err)
	if refused || age > longTrouble || errors.Is(err, errUnsaid) {
		most = time.Hour
	}
	return now.Add(min(max(age/4, 5*time.Second), most))
}

// longTrouble is for how long what the chat does not take is worth a try every few
// minutes, since all of Slack may be down. After it, a card is tried once an hour,
// for it says what is not so any more; one that is refused is left as it is, and a
// reply is left out, whatever is the trouble.
const longTrouble = 24 * time.Hour

// draw shows r and says what was not said yet, and saves how far it came. What
// is left is tried again after a pause, and not at once.
func (w *Worker) draw(ctx context.Context, l ledger.Lease, r approvals.Request) error {
	was := approvals.Show{TS: r.Card.TS, Visible: r.Card.Shown, Told: r.Card.Told}
	shown := approvals.Show{TS: was.TS, Visible: r.Visible, Told: was.Told}
	var err, stale error
	if r.Card.Shown < r.Visible {
		shown.TS, err = w.chat.Show(ctx, r)
	}
	if errors.Is(err, approvals.ErrUnthreaded) {
		shown.Unthreaded, err = true, nil
	}
	if lost, is := loss(r, err); is {
		return w.drawn(ctx, l, r, lost, nil)
	}
	switch refused, is := errors.AsType[*approvals.NoPlace](frozen(err)); {
	case is:
		shown.TS = was.TS
		if err := w.noPlace(ctx, l, r, refused); err != nil {
			return err
		}
		if was.TS != "" && !errors.Is(err, approvals.ErrFrozen) && w.store.Now().Sub(r.LastChange()) < longTrouble {
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
			return errors.Join(err, w.unlessCopy(ctx, r, shown.TS, err))
		}
	}
	r.Card.TS = shown.TS
	if lost, is := loss(r, said); is {
		return w.drawn(ctx, l, r, lost, said)
	}
	return cmp.Or(said, stale)
}

// loss is what an error says of the card of r: that it is gone, or that it is of no
// use any more, which is taken for true once. A reply that stands by itself says that the
// card is gone; of one in the thread of another message, that the thread is.
func loss(r approvals.Request, err error) (lost approvals.Lose, is bool) {
	unthreaded := errors.Is(err, approvals.ErrUnthreaded)
	lost = approvals.Lose{TS: r.Card.TS, Left: errors.Is(err, approvals.ErrFrozen) || errors.Is(err, errUnsaid) && !unthreaded || unthreaded && r.InThread() != ""}
	gone := errors.Is(err, approvals.ErrGone) || errors.Is(err, approvals.ErrFrozen)
	return lost, gone && r.Card.TS != "" && (!lost.Left || r.Card.Left == "")
}

// frozen makes of the refusal to change a card that is a successor already a refusal
// like any other. Trying again would not help.
func frozen(err error) error {
	if !errors.Is(err, approvals.ErrFrozen) {
		return err
	}
	return &approvals.NoPlace{Why: approvals.Why{Reason: approvals.SlackRefused}, Err: err}
}

// tellInstead tells the requester alone how it ended where the channel takes no
// card of it now and never had one; nobody waits for one any more. Else, and where
// that was tried just now, it is the error, until that has gone on for too long.
func (w *Worker) tellInstead(ctx context.Context, r approvals.Request, err error) error {
	_, wait := errors.AsType[*approvals.Later](err)
	switch {
	case r.Card.TS != "" || !r.State.Ended():
		return err
	case !wait && !r.ForRequesterAlone() && w.chat.Tell(ctx, r) == nil:
		w.log.WarnContext(ctx, "card not posted, requester told privately", "request", r.ID, "error", err)
		return nil
	}
	return w.unlessLate(ctx, r, r.LastChange(), "private word to the requester", err)
}

// unlessLate is the error of a message on which nothing hangs. Where it has been
// tried since long ago, that is said in the log and no error any more: for the
// whole life of the record it would be tried in vain.
func (w *Worker) unlessLate(ctx context.Context, r approvals.Request, since time.Time, what string, err error) error {
	if err == nil || w.store.Now().Sub(since) < longTrouble {
		return err
	}
	w.log.WarnContext(ctx, "message given up", "what", what, "request", r.ID, "channel", r.Place.Channel, "since", since, "error", err)
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

// unlessCopy takes message ts away if the record does not take it for the card of r
// because somebody has found another meanwhile: one whose posting had seemed to fail.
func (w *Worker) unlessCopy(ctx context.Context, r approvals.Request, ts string, refused error) error {
	if !approvals.IsRefusal(refused, approvals.DoesNotFit) || ts == "" || ts == r.Card.TS {
		return nil
	}
	now, err := w.store.Load(ctx, r.ID)
	if err != nil || now.Card.TS == "" || now.Card.TS == ts {
		return err
	}
	return w.chat.Retire(ctx, r.Place.Channel, ts)
}

// errUnsaid marks the trouble of a reply.
var errUnsaid = errors.New("reply not posted")

// speak says the notices that were not said yet. Without a card there is no
// thread, and the requester was told otherwise. A reply that the channel does not
// take, or not for too long, is left out: nothing hangs on it.
func (w *Worker) speak(ctx context.Context, r approvals.Request, shown *approvals.Show) error {
	if shown.TS == "" {
		shown.Told = len(r.Notices)
		return nil
	}
	r.Card.TS, r.Card.Unthreaded = shown.TS, r.Card.Unthreaded || shown.Unthreaded
	for ; shown.Told < len(r.Notices); shown.Told++ {
		note := r.Notices[shown.Told]
		if r.Outdated(shown.Told) {
			continue
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
			if err := w.unlessLate(ctx, r, note.At, "reply", err); err != nil {
				return fmt.Errorf("%w: %w", errUnsaid, err)
			}
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
	return w.unlessLate(ctx, r, r.LastChange(), "private word to the requester", err)
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
