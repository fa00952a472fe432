package approvals

import (
	"context"
	"slices"
	"time"
)

// step does one step of the kind of work that was claimed. It answers when to
// look again, unless it has committed something: a commit gives the claim back.
func (w *Worker) step(ctx context.Context, c claimed, r Request) (again time.Time, committed bool, err error) {
	switch k, _ := kindOf(c.Member); k {
	case Clock:
		again, err = w.decide(ctx, c, r)
		return again, again.IsZero(), err
	case Look:
		return w.look(ctx, c, r)
	case Draw:
		return w.render(ctx, c, r)
	}
	return time.Time{}, false, nil // unreachable: no other kind has a lease
}

// decide does the most urgent thing that r asks for. It answers when to look
// again, or zero if it has committed something.
func (w *Worker) decide(ctx context.Context, c claimed, r Request) (time.Time, error) {
	now := w.store.Now()
	if _, known := w.store.Action(r.Action); !known {
		return w.foreign(ctx, c, r)
	}
	if _, ok := ripe(r, now); ok {
		_, err := w.store.applyHeld(ctx, c, r, func(r Request) (Event, error) {
			if e, ok := ripe(r, w.store.Now()); ok {
				return e, nil
			}
			return nil, no(DoesNotFit, "nothing is due")
		})
		return time.Time{}, err
	}
	if r.State == Checking {
		return w.check(ctx, c, r)
	}
	return w.calls(ctx, c, r)
}

// calls puts a call back into the queue that was held for long enough, or sends
// the first one that waits there.
func (w *Worker) calls(ctx context.Context, c claimed, r Request) (time.Time, error) {
	now := w.store.Now()
	if i := slices.IndexFunc(r.Calls, func(c Call) bool { return c.State == Queued && !c.waiting() && !c.Hold.After(now) }); i >= 0 {
		return time.Time{}, w.tell(ctx, c, r, i, Wait{Why: r.Calls[i].Why})
	}
	i := slices.IndexFunc(r.Calls, Call.waiting)
	if i < 0 {
		return due(r, Clock, now), nil
	}
	at, err := w.send(ctx, c, r, i)
	if err != nil || at.IsZero() {
		return at, err
	}
	return earliest(at, due(r, Clock, now)), nil
}

// foreign is step for a request of an action that this version does not know,
// while versions are mixed or after one was rolled back.
func (w *Worker) foreign(ctx context.Context, c claimed, r Request) (time.Time, error) {
	e, err := foreign(r, w.store.Now())
	if err != nil || e == nil {
		return due(r, Clock, w.store.Now()), err
	}
	return time.Time{}, w.happen(ctx, c, r, e)
}

// foreign is what happens to a request of an unknown action: its clock runs on,
// its card says why it waits, and all else is left, with an error, to versions
// that know the action.
func foreign(r Request, now time.Time) (Event, error) {
	why := Why{Reason: UnknownAction, Detail: r.Action}
	e, timed := ripe(r, now)
	unsaid := slices.IndexFunc(r.Calls, func(c Call) bool { return c.waiting() && c.Why.Reason != UnknownAction })
	switch {
	case timed && r.State == Checking: // nobody who knows it came in time
		return Reject{Why: why}, nil
	case timed:
		return e, nil
	case unsaid >= 0:
		return On{Call: unsaid, Event: Expect{Why: why}}, nil
	case r.State == Checking || r.State == Approved:
		return nil, &No{Why: why, Request: r}
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
func (w *Worker) look(ctx context.Context, c claimed, r Request) (again time.Time, committed bool, err error) {
	if _, known := w.store.Action(r.Action); !known {
		return time.Time{}, false, no(UnknownAction, r.Action)
	}
	again, committed, err = w.search(ctx, c, r)
	if err != nil || committed {
		return time.Time{}, committed, err
	}
	at, committed, err := w.follow(ctx, c, r)
	return earliest(earliest(again, at), due(r, Look, w.store.Now())), committed, err
}

// tell commits one event of one call.
func (w *Worker) tell(ctx context.Context, c claimed, r Request, call int, e CallEvent) error {
	return w.happen(ctx, c, r, On{Call: call, Event: e})
}
