package approvals

import (
	"context"
	"errors"
	"strings"
	"time"

	"defenderbot/defender"
)

// send makes call i of r, if its approval is still good, a token is in hand
// and the window has a slot. It answers when to try again, or zero if it has
// committed something.
func (w *Worker) send(ctx context.Context, c claimed, r Request, i int) (time.Time, error) {
	if e := w.stillGood(ctx, r); e != nil {
		return time.Time{}, w.tell(ctx, c, r, i, e)
	}
	if err := w.ready(ctx); err != nil {
		return time.Time{}, w.tell(ctx, c, r, i, Wait{Why: tokenWhy(err), Hold: w.holdUntil(r)})
	}
	// Taken before anything is sent: what the record calls NotAfter is later.
	order := defender.Order{NotAfter: w.store.clock().Add(sendLimit)}
	after, err := w.store.applyHeld(ctx, c, r, func(Request) (Event, error) {
		return On{Call: i, Event: Send{NotAfter: w.store.Now().Add(sendLimit)}}, nil
	})
	if full, ok := errors.AsType[*Full](err); ok {
		return w.foretell(ctx, c, r, i, full)
	}
	if errors.Is(err, errTooFewReplicas) {
		e := Requeue{Attempt: after.Calls[i].Attempt, Why: Why{Reason: NotDurable}, Hold: w.holdUntil(r)}
		return time.Time{}, w.answered(ctx, after, i, e)
	}
	if err != nil {
		return time.Time{}, err
	}
	// Others may make the next call of r while this one is under way.
	return time.Time{}, w.post(ctx, after, i, order)
}

// post makes the one HTTP call of an attempt that was saved, and saves what
// came of it.
func (w *Worker) post(ctx context.Context, r Request, i int, order defender.Order) error {
	order.Action, _ = w.store.Action(r.Action)
	order.DeviceID, order.Comment = r.Devices[i].ID, r.sent()
	posting, cancel := context.WithTimeout(ctx, postLimit)
	job, err := w.defender.Start(posting, order)
	cancel()
	attempt := r.Calls[i].Attempt
	if err != nil {
		w.log.InfoContext(ctx, "defender did not take a call", "request", r.ID, "call", i, "attempt", attempt, "error", err)
		return w.answered(ctx, r, i, w.refusal(ctx, r, i, err))
	}
	if job.Comment != "" && !r.isOurs(job.Comment) {
		return w.answered(ctx, r, i, Adopt{Job: adopted(job), As: Running})
	}
	return w.answered(ctx, r, i, Accept{Attempt: attempt, Job: ours(job)})
}

// refusal is what a failed attempt does to its call. Only what proves that
// nothing started leads to another attempt.
func (w *Worker) refusal(ctx context.Context, r Request, i int, err error) CallEvent {
	attempt := r.Calls[i].Attempt
	e, ok := errors.AsType[*defender.Error](err)
	if !ok {
		return Doubt{Attempt: attempt, Why: Why{Reason: AnswerLost}}
	}
	why := Why{Detail: e.Message, Target: e.Target}
	switch e.Cause {
	case defender.OutcomeUnknown, defender.BadAnswer:
		why.Reason = AnswerLost
		return Doubt{Attempt: attempt, Why: why}
	case defender.NotSent:
		why = Why{Reason: NotReached}
		if errors.Is(err, defender.ErrLate) {
			why = Why{Reason: HeldUp}
		}
		return Requeue{Attempt: attempt, Why: why, Hold: w.holdUntil(r)}
	case defender.Unauthenticated:
		return Requeue{Attempt: attempt, Why: Why{Reason: NoToken, Target: e.Target}, Hold: w.holdUntil(r)}
	case defender.Throttled:
		why.Reason, why.Until = Throttled, w.store.Now().Add(e.RetryAfter+margin)
		return Requeue{Attempt: attempt, Why: why}
	case defender.AlreadyRunning:
		return w.busy(ctx, r, i, why)
	case defender.MissingRole:
		return Fail{Attempt: attempt, Why: Why{Reason: MissingRole, Detail: e.Role, Target: e.Target}}
	case defender.NoSuchDevice, defender.NotFound:
		why.Reason = NoSuchDevice
	case defender.UnsupportedOS:
		why.Reason = UnsupportedOS
	case defender.Licence:
		why.Reason = Licence
	case defender.Disallowed:
		why.Reason = Disallowed
	case defender.Refused:
		why.Reason = Refused
	}
	return Fail{Attempt: attempt, Why: why}
}

// answered saves what came of an attempt, and does not give up before others
// take the call for uncertain: it is the only one who knows.
func (w *Worker) answered(ctx context.Context, r Request, i int, e CallEvent) error {
	op := newOp()
	for {
		_, err := w.store.Apply(ctx, op, r, func(Request) (Event, error) { return On{Call: i, Event: e}, nil })
		if refused, ok := asNo(err); ok && refused.Why.Reason == AlreadyRunning {
			// Another call of this bot stands for that job.
			e = Fail{Attempt: r.Calls[i].Attempt, Why: refused.Why}
			continue
		}
		lost := errors.Is(err, ErrNotRecorded) || errors.Is(err, ErrUnconfirmed) && !errors.Is(err, errTooFewReplicas)
		if !lost || w.store.Now().After(r.Calls[i].abandoned()) || !sleep(ctx, time.Second) {
			return err
		}
	}
}

// stillGood checks at the last moment that the requester and those who approved
// still may. A definite no lapses the call; not knowing only delays it.
func (w *Worker) stillGood(ctx context.Context, r Request) CallEvent {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	for _, a := range r.Approvals {
		f, err := w.policy.facts(ctx, w.people, a.By.ID, ToApprove)
		if err != nil {
			w.log.WarnContext(ctx, "an approver cannot be checked; the call waits", "request", r.ID, "error", err)
			return Wait{Why: Why{Reason: ApproverUnchecked, Detail: a.By.ID}, Hold: w.holdUntil(r)}
		}
		ch, err := w.policy.place(ctx, w.people, f, r.Place.Channel)
		if err != nil {
			w.log.WarnContext(ctx, "an approver's channel cannot be checked; the call waits", "request", r.ID, "error", err)
			return Wait{Why: Why{Reason: ApproverUnchecked, Detail: a.By.ID}, Hold: w.holdUntil(r)}
		}
		if w.policy.May(ToApprove, f, ch, r) != nil {
			return Lapse{Why: Why{Reason: ApproverGone, Detail: a.By.ID}}
		}
	}
	asks, err := w.policy.stillAsks(ctx, w.people, r)
	if err != nil {
		w.log.WarnContext(ctx, "requester not checked; the call waits", "request", r.ID, "error", err)
		return Wait{Why: Why{Reason: RequesterUnchecked, Detail: r.By.ID}, Hold: w.holdUntil(r)}
	}
	if !asks {
		return Lapse{Why: Why{Reason: RequesterGone, Detail: r.By.ID}}
	}
	return nil
}

func (w *Worker) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	return w.defender.Ready(ctx)
}

// tokenWhy tells a login service that cannot be reached from one that refuses.
func tokenWhy(err error) Why {
	if e, ok := errors.AsType[*defender.TokenError](err); ok && e.Status != 0 {
		return Why{Reason: NoToken, Detail: strings.TrimSpace(e.Code + " " + e.AADSTS)}
	}
	return Why{Reason: NotReached}
}

// holdUntil backs off with the time that r has waited since its approval.
func (w *Worker) holdUntil(r Request) time.Time {
	now := w.store.Now()
	return now.Add(min(max(now.Sub(r.ApprovedAt())/4, 5*time.Second), 2*time.Minute))
}

// foretell writes down when a call that has no slot is expected to go, where
// that is news.
func (w *Worker) foretell(ctx context.Context, c claimed, r Request, i int, full *Full) (time.Time, error) {
	call, now := r.Calls[i], w.store.Now()
	off := full.At.Sub(call.Expected).Abs()
	if !call.Foretold.IsZero() && (off <= foretold || now.Sub(call.Foretold) < foretold) {
		return full.At, nil
	}
	why := Why{Reason: WaitsForWindow}
	if full.Held {
		why = Why{Reason: Throttled, Until: full.At}
	}
	return time.Time{}, w.tell(ctx, c, r, i, Expect{Why: why, At: full.At})
}

// ours is a job that this call started.
func ours(j defender.Job) Job {
	return Job{ID: j.ID, Alert: j.AlertID, Status: j.Status, Details: j.Details, Created: j.Created}
}

// adopted is a job that somebody else started, or may have.
func adopted(j defender.Job) Job {
	a := ours(j)
	a.Adopted, a.By = true, j.Requestor
	return a
}
