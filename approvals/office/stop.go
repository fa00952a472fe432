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

// Stop asks for what Defender runs for a request, as digest stands for it, to be stopped.
// Each call goes on until Defender shows that it has stopped.
func (d *Desk) Stop(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	return d.end(ctx, by, id, approvals.ToStop, by.op(approvals.ToStop, id, digest), func(r approvals.Request, p approvals.Person) (approvals.Event, error) {
		switch action, known := d.store.Action(r.Action); {
		case !known:
			return nil, approvals.Refuse(approvals.UnknownAction, r.Action)
		case !action.Cancellable():
			return nil, approvals.Refuse(approvals.NoWayToStop, "")
		}
		return approvals.StopJobs{By: p, Digest: digest}, nil
	})
}

// longestStopHold is longer than any stop is held: a hold that ends later is of a time
// when Redis's clock was ahead.
const longestStopHold = 2 * time.Hour

// stopDue reports whether a stop of the call is to be sent now.
func stopDue(c approvals.Call, now time.Time) bool {
	hold := c.Stop.Hold
	return c.StopWaits() && (!hold.After(now) || hold.After(now.Add(longestStopHold)))
}

// stop has Defender cancel the job of call i of r, if whoever asked for that still may, a
// token is in hand and the window has a place. It answers when to try again, or zero if it has committed something.
func (w *Worker) stop(ctx context.Context, l ledger.Lease, r approvals.Request, i int) (time.Time, error) {
	hold := func(why approvals.Why, until time.Time) (time.Time, error) {
		return time.Time{}, w.applyCall(ctx, l, r, i, approvals.HoldStop{Attempt: r.Calls[i].Stop.Attempt, Why: why, Hold: until})
	}
	if e := w.stillStops(ctx, r, i); e != nil {
		return time.Time{}, w.applyCall(ctx, l, r, i, e)
	}
	if err := w.ready(ctx); err != nil {
		w.warn(ctx, "get a token before the stop", err, r, i)
		return hold(whyOf(err), w.stopAgain(r.Calls[i]))
	}
	if at := w.settled(); !at.IsZero() {
		return at, nil
	}
	// Taken before anything is booked: the slot lasts for as long as the POST can.
	order := defender.Cancellation{NotAfter: w.store.Clock().Add(approvals.SendLimit)}
	switch at, err := w.store.BookReads(ctx, defender.CancelEndpoint(), 1, ledger.ForStop()); {
	case err != nil:
		return time.Time{}, err
	case !at.IsZero():
		return hold(approvals.Why{Reason: approvals.WaitsForWindow, Until: at}, at)
	}
	after, err := w.store.ApplyLeased(ctx, l, r, func(r approvals.Request) (approvals.Event, error) {
		return approvals.On{Call: i, Event: w.nextStop(r, i)}, nil
	})
	if errors.Is(err, approvals.ErrNotDurable) && after.Calls[i].Stop.State == approvals.StopSending {
		e := approvals.HoldStop{Attempt: after.Calls[i].Stop.Attempt, Why: approvals.Why{Reason: approvals.NotDurable}, Hold: w.stopAgain(after.Calls[i])}
		return time.Time{}, w.answered(ctx, after, i, e)
	}
	if err != nil || after.Calls[i].Stop.State != approvals.StopSending {
		return time.Time{}, err
	}
	return time.Time{}, w.postStop(ctx, after, i, order)
}

// stillStops checks at the last moment that whoever asked for a stop still may: it can have
// waited for long. A definite no ends the stop; not knowing only delays it.
func (w *Worker) stillStops(ctx context.Context, r approvals.Request, i int) approvals.CallEvent {
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	s := r.Calls[i].Stop
	f, ch, err := w.people.factsIn(ctx, s.By.ID, approvals.ToStop, r)
	if err != nil {
		w.logOf(r, i).WarnContext(ctx, "last check before the stop failed", "user", s.By.ID, "error", err)
		why := approvals.Why{Reason: approvals.ApproverUnchecked, Detail: s.By.ID}
		return approvals.HoldStop{Attempt: s.Attempt, Why: why, Hold: w.stopAgain(r.Calls[i])}
	}
	if refused, is := approvals.AsRefusal(w.people.policy.May(approvals.ToStop, f, ch, r)); is {
		return approvals.RefuseStop{Attempt: s.Attempt, Why: refused.Why}
	}
	return nil
}

// nextStop is that the stop of call i of r is sent, unless Redis may have forgotten that
// it was: it has lost changes since somebody asked, or this process has sent an attempt
// that the record does not know.
func (w *Worker) nextStop(r approvals.Request, i int) approvals.CallEvent {
	s := r.Calls[i].Stop
	sent, ok := w.posted.get(stopKey(r, i), w.store.Now())
	if w.store.SetBack(s.At) || ok && sent.value > s.Attempt {
		return approvals.LoseStop{Attempt: s.Attempt, Why: approvals.Why{Reason: approvals.RolledBack}}
	}
	return approvals.SendStop{NotAfter: w.store.Now().Add(approvals.SendLimit)}
}

// stopKey names the stops of a call among what was posted.
func stopKey(r approvals.Request, i int) string { return "stop of " + approvals.CallID(r.ID, i) }

// postStop makes the one HTTP call of an attempt that was saved, and saves what came
// of it.
func (w *Worker) postStop(ctx context.Context, r approvals.Request, i int, order defender.Cancellation) error {
	c := r.Calls[i]
	order.Action, _ = w.store.Action(r.Action)
	order.JobID, order.Comment = c.Job.ID, r.StopComment(c)
	w.posted.put(stopKey(r, i), c.Stop.Attempt, w.store.Now())
	posting, cancel := context.WithTimeout(ctx, approvals.PostLimit)
	job, err := w.defender.Cancel(posting, order)
	cancel()
	if err != nil {
		e, level := w.unstopped(ctx, c, err), slog.LevelWarn
		if _, again := e.(approvals.HoldStop); again {
			level = slog.LevelInfo
		}
		w.logOf(r, i).Log(ctx, level, "stop failed", "event", approvals.EventName(e), "attempt", c.Stop.Attempt, "error", err)
		return w.answered(ctx, r, i, e)
	}
	w.pauses.over(defender.CancelEndpoint())
	return w.answered(ctx, r, i, approvals.TakeStop{Attempt: c.Stop.Attempt, Job: merged(c, job, w.store.Now()), As: stateOf(job)})
}

// unstopped is what a failed attempt to stop a call does to it. Only what proves that
// Defender did not take it leads to another attempt by itself; what has become of the
// job is seen by following it.
func (w *Worker) unstopped(ctx context.Context, c approvals.Call, err error) approvals.CallEvent {
	attempt, why := c.Stop.Attempt, whyOf(err)
	if errors.Is(err, defender.ErrNotCancellable) {
		return approvals.RefuseStop{Attempt: attempt, Why: approvals.Why{Reason: approvals.NoWayToStop}}
	}
	switch defender.CauseOf(err) { //nolint:exhaustive // the others are a no
	case defender.OutcomeUnknown, defender.BadAnswer:
		why.Reason = approvals.AnswerLost
		return approvals.LoseStop{Attempt: attempt, Why: why}
	case defender.NotSent:
		return approvals.HoldStop{Attempt: attempt, Why: why, Hold: w.stopAgain(c)}
	case defender.Unauthenticated:
		pause := w.pauses.next(defender.CancelEndpoint(), freshToken)
		return approvals.HoldStop{Attempt: attempt, Why: why, Hold: w.store.Now().Add(pause)}
	case defender.Throttled:
		return approvals.HoldStop{Attempt: attempt, Why: why, Hold: w.backOff(ctx, defender.CancelEndpoint(), err)}
	}
	return approvals.RefuseStop{Attempt: attempt, Why: why}
}

// mostStopPause is the longest between two tries to send a stop. It is tried for as long
// as the job runs, which can be days.
const mostStopPause = 15 * time.Minute

// stopAgain backs off with the time that a stop has waited.
func (w *Worker) stopAgain(c approvals.Call) time.Time {
	now := w.store.Now()
	return now.Add(min(max(now.Sub(c.Stop.At)/4, 5*time.Second), mostStopPause))
}
