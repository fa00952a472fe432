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
	if errors.Is(err, ledger.ErrElsewhere) {
		return w.settled(), nil
	}
	if approvals.IsRefusal(err, approvals.RolledBack) {
		return time.Time{}, w.applyCall(ctx, l, r, i, suspect)
	}
	if full, ok := errors.AsType[*ledger.Full](err); ok {
		return w.foretell(ctx, l, r, i, full)
	}
	if errors.Is(err, approvals.ErrTooFewReplicas) {
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

// started is what becomes of a call whose POST was answered with a job. Defender may
// answer with one that was pending already, of somebody else and of another scope: the
// call stands for that one only if it is what was asked for.
func (w *Worker) started(r approvals.Request, i int, j defender.Job) approvals.CallEvent {
	action, _ := w.store.Action(r.Action)
	attempt := r.Calls[i].Attempt
	switch own := r.OwnsComment(j.Comment); {
	case (own || j.Comment == "") && action.Admits(j.Scope):
		return approvals.Accept{Attempt: attempt, Job: ours(j), As: stateOf(j)}
	case own: // nobody knows how it came to have another scope
		return approvals.Doubt{Attempt: attempt, Why: approvals.Why{Reason: approvals.AnswerLost, Detail: j.Says()}}
	case action.Covers(j.Scope):
		return approvals.Adopt{Job: adopted(j), As: stateOf(j)}
	}
	return approvals.Fail{Attempt: attempt, Why: approvals.Why{Reason: approvals.AlreadyRunning, Detail: j.Says()}}
}

// refusal is what a failed attempt does to its call. Only what proves that
// nothing started leads to another attempt.
func (w *Worker) refusal(ctx context.Context, r approvals.Request, i int, err error) approvals.CallEvent {
	attempt := r.Calls[i].Attempt
	e, ok := errors.AsType[*defender.Error](err)
	if !ok {
		return approvals.Doubt{Attempt: attempt, Why: approvals.Why{Reason: approvals.AnswerLost}}
	}
	w.noteAnswer(r, e)
	why := whyOf(err)
	if e.Cause == defender.OutcomeUnknown || e.Cause == defender.BadAnswer && !e.Gone() {
		why.Reason = approvals.AnswerLost
		return approvals.Doubt{Attempt: attempt, Why: why}
	}
	switch e.Cause { //nolint:exhaustive // the others are settled
	case defender.NotSent:
		return approvals.Requeue{Attempt: attempt, Why: why, Hold: w.holdUntil(r)}
	case defender.Unauthenticated:
		why.Until = w.store.Now().Add(w.pauses.next(w.endpoint(r), freshToken))
		return approvals.Requeue{Attempt: attempt, Why: why}
	case defender.Throttled:
		why.Until = w.store.Now().Add(w.pauses.asked(w.endpoint(r), e))
		return approvals.Requeue{Attempt: attempt, Why: why}
	case defender.AlreadyRunning:
		return w.busy(ctx, r, i, why)
	case defender.UnsupportedOS, defender.MissingRole:
		return approvals.Fail{Attempt: attempt, Why: why}
	}
	return w.settle(ctx, r, i, e, why)
}

// freshToken is the pause after a token was refused for the first time: until the
// next one is there.
const freshToken = 10 * time.Second

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

// answered saves what came of an attempt, and does not give up before others
// take the call for uncertain: it is the only one who knows.
func (w *Worker) answered(ctx context.Context, r approvals.Request, i int, e approvals.CallEvent) error {
	op := ledger.NewOp()
	for {
		_, err := w.store.Apply(ctx, op, r, func(approvals.Request) (approvals.Event, error) { return approvals.On{Call: i, Event: e}, nil })
		if refused, ok := approvals.AsRefusal(err); ok && refused.Why.Reason == approvals.AlreadyRunning {
			// Another call of this bot stands for that job.
			e = approvals.Fail{Attempt: r.Calls[i].Attempt, Why: refused.Why}
			continue
		}
		if err != nil && !overtaken(err, i) {
			w.logOf(r, i).WarnContext(ctx, "answer of defender not saved", "event", approvals.EventName(e), "about", approvals.About(e), "error", err)
		}
		lost := errors.Is(err, approvals.ErrNotRecorded) || errors.Is(err, approvals.ErrUnconfirmed) && !errors.Is(err, approvals.ErrTooFewReplicas)
		if !lost || w.store.Now().After(r.Calls[i].AbandonedAt()) || !nap(ctx, time.Second) {
			return err
		}
	}
}

// overtaken reports whether an answer was refused because Defender was seen to have
// ended the job of call i meanwhile, which says more.
func overtaken(err error, i int) bool {
	refused, ok := approvals.AsRefusal(err)
	if !ok || refused.Why.Reason != approvals.DoesNotFit || i >= len(refused.Request.Calls) {
		return false
	}
	c := refused.Request.Calls[i]
	return c.State.Ended() && c.Job.ID != ""
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
	for _, a := range r.Approvals {
		f, ch, err := w.people.factsIn(ctx, a.By.ID, approvals.ToApprove, r)
		if err != nil {
			return unchecked(approvals.ApproverUnchecked, a.By.ID, err)
		}
		if w.people.policy.May(approvals.ToApprove, f, ch, r) != nil {
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

// ours is a job that this call started.
func ours(j defender.Job) approvals.Job {
	return approvals.Job{ID: j.ID, Alert: j.AlertID, Status: j.Status, Details: j.Details, Queued: j.Queued(), Created: j.Created}
}

// adopted is a job that somebody else started, or may have.
func adopted(j defender.Job) approvals.Job {
	a := ours(j)
	a.Adopted, a.By = true, j.Requestor
	return a
}
