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
func (w *Worker) render(ctx context.Context, c claimed, id string) {
	r, err := w.store.Load(ctx, id)
	switch {
	case isNo(err, NoSuchRequest), err == nil && !r.behind():
		w.giveBack(ctx, c, time.Time{})
		return
	case err != nil:
		w.log.WarnContext(ctx, "a request cannot be read; trying again", "request", id, "error", err)
		w.giveBack(ctx, c, w.store.Now().Add(stepRetry))
		return
	}
	var later *Later
	switch err = w.draw(ctx, r); {
	case err == nil:
	case errors.As(err, &later):
		w.giveBack(ctx, c, w.store.Now().Add(later.After))
	default:
		w.log.WarnContext(ctx, "a card cannot be brought up to date; trying again", "request", id, "error", err)
		w.giveBack(ctx, c, w.redraw(r))
	}
}

// redraw is when a card that could not be drawn is tried again: soon at first,
// then less and less often.
func (w *Worker) redraw(r Request) time.Time {
	changed := r.Asked
	for _, at := range []time.Time{r.Opened, r.ApprovedAt(), r.EndedAt} {
		if at.After(changed) {
			changed = at
		}
	}
	now := w.store.Now()
	return now.Add(min(max(now.Sub(changed)/4, 5*time.Second), 5*time.Minute))
}

// draw shows r and says what was not said yet, and saves how far it came.
func (w *Worker) draw(ctx context.Context, r Request) error {
	shown := Show{TS: r.Card.TS, Visible: r.Visible, Told: r.Card.Told}
	var err error
	if r.Card.Shown < r.Visible {
		shown.TS, err = w.chat.Show(ctx, r)
	}
	switch {
	case errors.Is(err, ErrGone) && r.Card.TS != "":
		return w.happen(ctx, r, Lose{TS: r.Card.TS})
	case errors.Is(err, ErrNoPlace):
		return w.noPlace(ctx, r)
	case err != nil:
		return err
	}
	said := w.speak(ctx, r, &shown)
	if err := w.happen(ctx, r, shown); err != nil {
		return err
	}
	switch {
	case errors.Is(said, ErrGone):
		return w.happen(ctx, r, Lose{TS: shown.TS})
	case errors.Is(said, ErrNoPlace):
		return w.noPlace(ctx, r)
	}
	return said
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
