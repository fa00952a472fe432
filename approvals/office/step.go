package office

import (
	"context"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// step does one step of the kind of work that was leased. It answers when to
// look again, unless it has committed something: a commit gives the lease back.
func (w *Worker) step(ctx context.Context, l ledger.Lease, r approvals.Request) (again time.Time, committed bool, err error) {
	switch k, _ := approvals.KindOf(l.Member); k {
	case approvals.Clock:
		again, err = w.decide(ctx, l, r)
		return again, again.IsZero(), err
	case approvals.Look:
		return w.look(ctx, l, r)
	case approvals.Draw:
		return w.render(ctx, l, r)
	case approvals.Home, approvals.Seal, approvals.Alert: // no request's
	}
	return time.Time{}, false, nil // unreachable: no other kind has a lease
}

// decide does the most urgent thing that r asks for. It answers when to look
// again, or zero if it has committed something.
func (w *Worker) decide(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, error) {
	now := w.store.Now()
	if e, news := r.Under(w.store.Frozen()); news { // first: the card that comes says it
		return time.Time{}, w.apply(ctx, l, r, e)
	}
	if _, known := w.store.Action(r.Action); !known && !r.Unfreezes() {
		return w.foreign(ctx, l, r)
	}
	if (r.State == approvals.Checking || r.State == approvals.Pending) && w.store.SetBack(r.Asked) {
		return time.Time{}, w.apply(ctx, l, r, approvals.Reject{Why: approvals.Why{Reason: approvals.SetBack}})
	}
	if _, ok := approvals.Ripe(r, now); ok {
		_, err := w.store.ApplyLeased(ctx, l, r, func(r approvals.Request) (approvals.Event, error) {
			if e, ok := approvals.Ripe(r, w.store.Now()); ok {
				return e, nil
			}
			return nil, approvals.Refuse(approvals.DoesNotFit, "nothing is due")
		})
		return time.Time{}, err
	}
	if r.State == approvals.Checking && r.Unfreezes() { // there is nothing to look up
		return time.Time{}, w.apply(ctx, l, r, approvals.Resolve{})
	}
	if r.State == approvals.Checking {
		return w.check(ctx, l, r)
	}
	return w.calls(ctx, l, r)
}

// calls sends a stop that somebody waits for, puts a call back into the queue that was
// held for long enough, or sends the first one that waits there.
func (w *Worker) calls(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, error) {
	now := w.store.Now()
	if i := slices.IndexFunc(r.Calls, func(c approvals.Call) bool { return heldLongEnough(c, now) }); i >= 0 {
		return time.Time{}, w.applyCall(ctx, l, r, i, approvals.Wait{Why: r.Calls[i].Why})
	}
	if i := slices.IndexFunc(r.Calls, func(c approvals.Call) bool { return stopDue(c, now) }); i >= 0 {
		return w.stop(ctx, l, r, i)
	}
	i := slices.IndexFunc(r.Calls, approvals.Call.Waiting)
	if i < 0 || r.HeldBy().Is() { // whoever lifts the freeze makes it due
		return approvals.Due(r, approvals.Clock, now), nil
	}
	at, err := w.send(ctx, l, r, i)
	if err != nil || at.IsZero() {
		return at, err
	}
	return approvals.Earliest(at, approvals.Due(r, approvals.Clock, now)), nil
}

// longestHold is longer than any call is held: a hold that ends later is of a time when
// Redis's clock was ahead.
const longestHold = 5 * time.Minute

func heldLongEnough(c approvals.Call, now time.Time) bool {
	return c.State == approvals.Queued && !c.Waiting() && (!c.Hold.After(now) || c.Hold.After(now.Add(longestHold)))
}

// foreign takes a step of a request whose action this version does not know: an
// update is under way, or one was rolled back.
func (w *Worker) foreign(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, error) {
	e, err := foreignEvent(r, w.store.Now())
	if err != nil || e == nil {
		return approvals.Due(r, approvals.Clock, w.store.Now()), err
	}
	return time.Time{}, w.apply(ctx, l, r, e)
}

// foreignEvent is what happens to a request of an unknown action: until it is
// approved its clock runs on, its card says why it waits, and all else is left, with
// an error, to versions that know the action. So is a call that lapses: nobody else
// knows the queue that it is in.
func foreignEvent(r approvals.Request, now time.Time) (approvals.Event, error) {
	why := approvals.Why{Reason: approvals.UnknownAction, Detail: r.Action}
	e, timed := approvals.Ripe(r, now)
	unsaid := slices.IndexFunc(r.Calls, func(c approvals.Call) bool { return c.Waiting() && c.Why.Reason != approvals.UnknownAction })
	switch {
	case timed && r.State == approvals.Checking: // nobody who knows it came in time
		return approvals.Reject{Why: why}, nil
	case timed:
		return e, nil
	case unsaid >= 0:
		return approvals.On{Call: unsaid, Event: approvals.Expect{Why: why}}, nil
	case r.State == approvals.Checking || r.State == approvals.Approved:
		return nil, &approvals.Refusal{Why: why, Request: r}
	}
	return nil, nil
}

// stepLimit is how long a step may read from Defender. With what comes after, it
// stays below the length of a lease.
const stepLimit = 20 * time.Second

// lookLimit is that for each of two kinds of look-ups that share a step.
const lookLimit = stepLimit / 2

// look asks Defender about the calls that are uncertain or run. It answers when to
// look again, and whether it has committed something.
func (w *Worker) look(ctx context.Context, l ledger.Lease, r approvals.Request) (again time.Time, committed bool, err error) {
	if _, known := w.store.Action(r.Action); !known {
		return time.Time{}, false, approvals.Refuse(approvals.UnknownAction, r.Action)
	}
	again, committed, err = w.search(ctx, l, r)
	if err != nil || committed {
		return time.Time{}, committed, err
	}
	at, committed, err := w.follow(ctx, l, r)
	return approvals.Earliest(approvals.Earliest(again, at), approvals.Due(r, approvals.Look, w.store.Now())), committed, err
}

// applyCall commits one event of one call.
func (w *Worker) applyCall(ctx context.Context, l ledger.Lease, r approvals.Request, call int, e approvals.CallEvent) error {
	return w.apply(ctx, l, r, approvals.On{Call: call, Event: e})
}
