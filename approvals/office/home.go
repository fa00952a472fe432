package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// Home is what a person sees on their home.
type Home struct {
	User    string
	Barred  bool    // they may do nothing here
	Unsure  bool    // a list of approvers could not be read, and more may wait for them
	Waiting Listing // what waits for this person to decide
	Mine    Listing // what they have asked for: open, and ended within a day
	Ended   Listing // the last results
	Windows []WindowState
	Frozen  approvals.Freeze // in force
	// MayFreeze: this person may order that nothing is sent any more.
	MayFreeze bool
}

// mostResults is how many of the last results a home has.
const mostResults = 5

// HomeOf is what a person's home has to show.
func (d *Desk) HomeOf(ctx context.Context, by By) (h Home, err error) {
	h.User, h.Frozen = by.User, d.Frozen()
	if h.Mine, err = d.Mine(ctx, by); err != nil {
		if approvals.IsRefusal(err, approvals.NotAMember) {
			h.Barred = true
			return h, nil
		}
		return h, err
	}
	if h.Waiting, h.Unsure, err = d.waitingFor(ctx, by); err != nil {
		return h, err
	}
	if h.Ended, err = d.Ended(ctx, by, mostResults); err != nil {
		return h, err
	}
	h.MayFreeze = d.MayFreeze(ctx, by) == nil
	h.Windows, err = d.Limits(ctx, by)
	return h, err
}

// waitingFor are the requests that wait for this person to decide, first what expires
// first, and whether there may be others.
func (d *Desk) waitingFor(ctx context.Context, by By) (l Listing, unsure bool, err error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil || !who.everywhere() {
		return l, who.unread != nil, err
	}
	found, err := d.store.Find(ctx, ledger.Open(), mostListed, who.decidesNow)
	if err != nil {
		return l, false, fmt.Errorf("%w: %w", approvals.ErrNotRead, err)
	}
	slices.SortStableFunc(found.Requests, func(a, b approvals.Request) int { return a.Deadline().Compare(b.Deadline()) })
	return Listing{Requests: found.Requests, More: found.More, Everywhere: true}, who.unread != nil, nil
}

// OpenHome notes that a person has opened their home: it is shown at once, by whichever
// process is free, and kept up to date for a while.
func (d *Desk) OpenHome(ctx context.Context, user string) error { return d.store.OpenHome(ctx, user) }

// HomeShown notes what a home shows that was shown beside the looks, of which the next
// comes after the usual pause.
func (d *Desk) HomeShown(ctx context.Context, user, mark string) error {
	return d.store.HomeShown(ctx, user, mark, approvals.HomeEvery)
}

// homesAtOnce is how many homes are looked at side by side: when Slack is slow, those of
// many people must not take the places of what is to be sent.
const homesAtOnce = atOnce / 4

// homeTurn takes one of the places for homes, if one is free.
func (w *Worker) homeTurn() (done func(), free bool) {
	select {
	case w.homing <- struct{}{}:
		return func() { <-w.homing }, true
	default:
		return nil, false
	}
}

// homesAMinute is how many homes one process looks at anew in a minute. A look asks Slack
// about a person, and of that Slack takes some hundred a minute from everybody here, those
// who decide included (https://docs.slack.dev/reference/methods/users.info). Where more are
// open, each is looked at less often.
const homesAMinute = 20

// homeLater counts a look at a home that was shown before. Where there is none to spare in
// this minute, it is when the next one begins: before those come again that were looked at.
func (w *Worker) homeLater() time.Time {
	now := w.store.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	if age := now.Sub(w.homesSince); age < 0 || age >= approvals.HomeEvery {
		w.homesSince, w.homesLooked = now, 0
	}
	if w.homesLooked++; w.homesLooked <= homesAMinute {
		return time.Time{}
	}
	return w.homesSince.Add(approvals.HomeEvery)
}

// showHome looks at a home that was opened, and shows it anew where it has changed. One
// that Slack refuses to show is left alone until it is opened again; so is one that was
// opened too long ago.
func (w *Worker) showHome(ctx context.Context, l ledger.Lease, user string) {
	done, free := w.homeTurn()
	if !free {
		w.finish(ctx, l, w.store.Now().Add(stepRetry), approvals.Request{})
		return
	}
	defer done()
	again, err := w.lookAtHome(ctx, user)
	refused, lasting := errors.AsType[*approvals.NoPlace](err)
	switch {
	case lasting:
		w.log.WarnContext(ctx, "home refused by slack", "user", user, "reason", refused.Why.Reason, "detail", refused.Why.Detail, "error", refused.Err)
		again = time.Time{}
	case err != nil && w.once("home of "+user+": "+err.Error()):
		w.log.WarnContext(ctx, "home not shown", "user", user, "error", err)
	}
	w.finish(ctx, l, again, approvals.Request{})
}

// lookAtHome brings a home up to date, and answers when to look again: never, where nobody
// may have it open any more.
func (w *Worker) lookAtHome(ctx context.Context, user string) (again time.Time, err error) {
	again = w.store.Now().Add(approvals.HomeEvery)
	was, open, err := w.store.Home(ctx, user)
	switch {
	case err != nil, open && w.homes == nil:
		return again, err
	case !open:
		return time.Time{}, nil
	case was != "": // one that was just opened is shown in any case
		if later := w.homeLater(); !later.IsZero() {
			return later, nil
		}
	}
	return again, w.renewHome(ctx, user, was)
}

// renewHome shows a home, and notes what it shows.
func (w *Worker) renewHome(ctx context.Context, user, was string) error {
	mark, err := w.homes.ShowHome(ctx, user, was)
	if errors.Is(err, approvals.ErrShownSince) { // the next look begins without knowing anything
		mark, err = "", nil
	}
	if err != nil || mark == was {
		return err
	}
	return w.store.HomeLooked(ctx, user, was, mark)
}
