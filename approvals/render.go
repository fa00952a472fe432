package approvals

import (
	"cmp"
	"context"
	"errors"
	"time"
)

// render brings what the channel shows of a request up to date. It renders
// the newest record until the chat shows it; after an unknown outcome it does
// so again, for a card that is drawn twice is still true.
func (w *Worker) render(ctx context.Context, one *hand, id string) {
	r, err := w.store.Load(ctx, id)
	switch {
	case err != nil:
		w.unread(ctx, one, id, err)
		return
	case !r.behind():
		w.giveBack(ctx, one, time.Time{})
		return
	}
	if err = w.draw(ctx, r); err == nil {
		w.done(ctx, one)
		return
	}
	if _, wait := errors.AsType[*Later](err); !wait {
		w.log.WarnContext(ctx, "a card cannot be brought up to date; trying again", "request", id, "error", err)
	}
	w.giveBack(ctx, one, w.redraw(r, err))
}

// redraw is when a card that could not be drawn is tried again: when Slack says,
// or soon after the last change and then less and less often.
func (w *Worker) redraw(r Request, err error) time.Time {
	now := w.store.Now()
	if later, ok := errors.AsType[*Later](err); ok {
		return now.Add(later.After)
	}
	changed := r.Asked
	for _, at := range []time.Time{r.Opened, r.ApprovedAt(), r.EndedAt} {
		changed = latest(changed, at)
	}
	for _, c := range r.Calls {
		changed = latest(changed, latest(c.Since, c.EndedAt))
	}
	for _, n := range r.Notices {
		changed = latest(changed, n.At)
	}
	return now.Add(min(max(now.Sub(changed)/4, 5*time.Second), 5*time.Minute))
}

// draw shows r and says what was not said yet, and saves how far it came. What
// is left is tried again after a pause, and not at once.
func (w *Worker) draw(ctx context.Context, r Request) error {
	was := Show{TS: r.Card.TS, Visible: r.Card.Shown, Told: r.Card.Told}
	shown := Show{TS: was.TS, Visible: r.Visible, Told: was.Told}
	var err error
	if r.Card.Shown < r.Visible {
		shown.TS, err = w.chat.Show(ctx, r)
	}
	switch {
	case errors.Is(err, ErrGone) && r.Card.TS != "":
		return w.drawn(ctx, r, Lose{TS: r.Card.TS}, nil)
	case errors.Is(err, ErrNoPlace):
		return w.noPlace(ctx, r)
	case err != nil:
		return err
	}
	said := w.speak(ctx, r, &shown)
	if shown != was {
		if err := w.drawn(ctx, r, shown, said); err != nil {
			return err
		}
	}
	switch {
	case errors.Is(said, ErrGone):
		return w.drawn(ctx, r, Lose{TS: shown.TS}, said)
	case errors.Is(said, ErrNoPlace):
		return w.noPlace(ctx, r)
	}
	return said
}

// drawn saves what the channel shows. What is left after trouble is tried again
// when redraw says.
func (w *Worker) drawn(ctx context.Context, r Request, e Event, trouble error) error {
	pause := func(c *change, _ Request) {
		if trouble != nil && !errors.Is(trouble, ErrNoPlace) {
			c.CardAt = millis(w.redraw(r, trouble))
		}
	}
	_, _, err := w.store.apply(ctx, newOp(), r, pause, func(Request) (Event, error) { return e, nil })
	return err
}

// speak says the notices that were not said yet. Without a card there is no
// thread, and the requester was told otherwise.
func (w *Worker) speak(ctx context.Context, r Request, shown *Show) error {
	if shown.TS == "" {
		shown.Told = len(r.Notices)
		return nil
	}
	r.Card.TS = shown.TS
	for ; shown.Told < len(r.Notices); shown.Told++ {
		if r.Notices[shown.Told].Kind == NoticeReminder && r.State != Pending {
			continue // somebody has decided meanwhile
		}
		if err := w.chat.Say(ctx, r, shown.Told); err != nil {
			return err
		}
	}
	return nil
}

// noPlace is what becomes of a request whose card has no place. Nobody can
// decide on what nobody sees; what is decided already goes on without a card.
func (w *Worker) noPlace(ctx context.Context, r Request) error {
	if r.State == Pending {
		err := w.happen(ctx, r, Reject{Why: Why{Reason: NotInChannel, Detail: r.Place.Channel}})
		return cmp.Or(err, error(&Later{})) // and now tell the requester that
	}
	w.log.WarnContext(ctx, "a channel takes no card any more", "request", r.ID, "channel", r.Place.Channel)
	if r.State.Ended() {
		if err := w.chat.Tell(ctx, r); err != nil && !errors.Is(err, ErrNoPlace) {
			return err
		}
	}
	return w.happen(ctx, r, Show{Visible: r.Visible, Told: len(r.Notices)})
}
