package office

import (
	"context"
	"errors"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

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
		lost := errors.Is(err, approvals.ErrNotRecorded) || errors.Is(err, approvals.ErrUnconfirmed) && !errors.Is(err, approvals.ErrNotDurable)
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
