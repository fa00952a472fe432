package office

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// send makes call i of r, if its approval is still good, a token is in hand
// and the window has a slot. It answers when to try again, or zero if it has
// committed something.
func (w *Worker) send(ctx context.Context, l ledger.Lease, r approvals.Request, i int) (time.Time, error) {
	if e := w.stillGood(ctx, r, i); e != nil {
		return time.Time{}, w.applyCall(ctx, l, r, i, e)
	}
	if err := w.ready(ctx); err != nil {
		w.warn(ctx, "get a token before the call", err, r, i)
		return time.Time{}, w.applyCall(ctx, l, r, i, approvals.Wait{Why: whyOf(err), Hold: w.holdUntil(r)})
	}
	if at := w.settled(); !at.IsZero() {
		return at, nil
	}
	endpoint := w.endpoint(r)
	if !w.pauses.enter(endpoint) {
		return w.store.Now().Add(stepRetry), nil
	}
	defer w.pauses.leave(endpoint)
	// Taken before anything is sent: what the record calls NotAfter is later.
	order := defender.Order{NotAfter: w.store.Clock().Add(approvals.SendLimit)}
	after, err := w.store.ApplyLeased(ctx, l, r, func(r approvals.Request) (approvals.Event, error) {
		return approvals.On{Call: i, Event: w.next(r, i)}, nil
	})
	if errors.Is(err, ledger.ErrFrozen) { // this process has learned of the freeze by that
		return w.store.Now(), nil
	}
	if errors.Is(err, ledger.ErrElsewhere) {
		return w.settled(), nil
	}
	if approvals.IsRefusal(err, approvals.RolledBack) {
		return time.Time{}, w.applyCall(ctx, l, r, i, suspect)
	}
	if full, ok := errors.AsType[*ledger.Full](err); ok {
		return w.foretell(ctx, l, r, i, full)
	}
	if errors.Is(err, approvals.ErrNotDurable) {
		e := approvals.Requeue{Attempt: after.Calls[i].Attempt, Why: approvals.Why{Reason: approvals.NotDurable}, Hold: w.holdUntil(r)}
		return time.Time{}, w.answered(ctx, after, i, e)
	}
	if err != nil || after.Calls[i].State != approvals.Sending {
		return time.Time{}, err
	}
	// Others may make the next call of r while this one is under way.
	return time.Time{}, w.post(ctx, after, i, order)
}

// settled is when something may be sent again after Redis failed; zero: now.
func (w *Worker) settled() time.Time {
	left := w.store.SettledAt().Sub(w.store.Clock())
	if left <= 0 {
		return time.Time{}
	}
	return w.store.Now().Add(left)
}

// suspect is what becomes of a call that may have been sent before Redis lost its
// last changes.
var suspect = approvals.Suspect{Why: approvals.Why{Reason: approvals.RolledBack}}

// next is that call i of r is sent, unless this process has sent an attempt of it
// that the record does not know.
func (w *Worker) next(r approvals.Request, i int) approvals.CallEvent {
	if sent, known := w.posted.get(approvals.CallID(r.ID, i), w.store.Now()); known && sent.value > r.Calls[i].Attempt {
		return suspect
	}
	return approvals.Send{NotAfter: w.store.Now().Add(approvals.SendLimit)}
}

// post makes the one HTTP call of an attempt that was saved, and saves what
// came of it.
func (w *Worker) post(ctx context.Context, r approvals.Request, i int, order defender.Order) error {
	order.Action, _ = w.store.Action(r.Action)
	order.DeviceID, order.Comment = r.Devices[i].ID, r.DefenderComment()
	w.posted.put(approvals.CallID(r.ID, i), r.Calls[i].Attempt, w.store.Now())
	posting, cancel := context.WithTimeout(ctx, approvals.PostLimit)
	job, err := w.defender.Start(posting, order)
	cancel()
	attempt := r.Calls[i].Attempt
	if err != nil {
		e, level := w.refusal(ctx, r, i, err), slog.LevelInfo
		if _, lasting := e.(approvals.Fail); lasting {
			level = slog.LevelWarn
		}
		w.logOf(r, i).Log(ctx, level, "defender post failed", "attempt", attempt, "error", err)
		return w.answered(ctx, r, i, e)
	}
	w.pauses.over(w.endpoint(r))
	return w.answered(ctx, r, i, w.started(r, i, job))
}

// noteAnswer notes that an endpoint takes calls, whatever it says of this one.
func (w *Worker) noteAnswer(r approvals.Request, e *defender.Error) {
	if e.Status != 0 && e.Status < 500 && e.Cause != defender.Throttled && e.Cause != defender.Unauthenticated {
		w.pauses.over(w.endpoint(r))
	}
}

// endpoint is where the calls of r go.
func (w *Worker) endpoint(r approvals.Request) defender.Endpoint {
	action, _ := w.store.Action(r.Action)
	return action.Post
}

// stillGood checks at the last moment that the action is switched on, and that the
// requester and those who approved still may. A definite no lapses the call; not
// knowing only delays it.
func (w *Worker) stillGood(ctx context.Context, r approvals.Request, i int) approvals.CallEvent {
	if w.people.policy.RuleFor(r.Action).Off {
		return approvals.Lapse{Why: approvals.Why{Reason: approvals.ActionOff, Detail: r.Action}}
	}
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	unchecked := func(why approvals.Reason, who string, err error) approvals.CallEvent {
		w.logOf(r, i).WarnContext(ctx, "last check before sending failed", "reason", why, "user", who, "error", err)
		return approvals.Wait{Why: approvals.Why{Reason: why, Detail: who}, Hold: w.holdUntil(r)}
	}
	if r.Forced {
		return w.stillForces(ctx, r, i)
	}
	for _, a := range r.Approvals {
		f, ch, err := w.people.factsIn(ctx, a.By.ID, approvals.ToApprove, r)
		if err != nil {
			return unchecked(approvals.ApproverUnchecked, a.By.ID, err)
		}
		switch err := w.people.policy.May(approvals.ToApprove, f, ch, r); {
		case approvals.IsRefusal(err, approvals.OwnHand):
			return approvals.Lapse{Why: approvals.Why{Reason: approvals.ApproverOwnHand, Detail: a.By.ID}}
		case err != nil:
			return approvals.Lapse{Why: approvals.Why{Reason: approvals.ApproverGone, Detail: a.By.ID}}
		}
	}
	switch asks, err := w.people.stillAsks(ctx, r); {
	case err != nil:
		return unchecked(approvals.RequesterUnchecked, r.By.ID, err)
	case !asks:
		return approvals.Lapse{Why: approvals.Why{Reason: approvals.RequesterGone, Detail: r.By.ID}}
	}
	return nil
}

func (w *Worker) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	return w.defender.Ready(ctx)
}

// holdUntil backs off with the time that r has waited since its approval.
func (w *Worker) holdUntil(r approvals.Request) time.Time {
	now := w.store.Now()
	return now.Add(min(max(now.Sub(r.ApprovedAt())/4, 5*time.Second), 2*time.Minute))
}

// foretell writes down when a call that has no slot is expected to go, where
// that is news.
func (w *Worker) foretell(ctx context.Context, l ledger.Lease, r approvals.Request, i int, full *ledger.Full) (time.Time, error) {
	call, now := r.Calls[i], w.store.Now()
	off := full.At.Sub(call.Expected).Abs()
	if !call.Foretold.IsZero() && (off <= approvals.ForecastEvery || now.Sub(call.Foretold) < approvals.ForecastEvery) {
		return full.At, nil
	}
	why := approvals.Why{Reason: approvals.WaitsForWindow}
	if full.Held {
		why = approvals.Why{Reason: approvals.Paused, Until: full.At}
		if call.Why.Reason == approvals.Throttled || call.Why.Reason == approvals.TokenRefused {
			why.Reason, why.Detail, why.Target = call.Why.Reason, call.Why.Detail, call.Why.Target
		}
	}
	return time.Time{}, w.applyCall(ctx, l, r, i, approvals.Expect{Why: why, At: full.At})
}
