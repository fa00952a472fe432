package approvals

import (
	"context"
	"slices"
	"time"
)

// step does the most urgent thing that r asks for. It answers when to look
// again, or zero if it has committed something.
func (w *Worker) step(ctx context.Context, one *hand, r Request) (time.Time, error) {
	now := w.store.Now()
	if _, known := w.store.Action(r.Action); !known {
		return w.foreign(ctx, r)
	}
	if _, ok := ripe(r, now); ok {
		_, err := w.store.Apply(ctx, newOp(), r, func(r Request) (Event, error) {
			if e, ok := ripe(r, w.store.Now()); ok {
				return e, nil
			}
			return nil, no(DoesNotFit, "nothing is due")
		})
		return time.Time{}, err
	}
	switch r.State {
	case Checking:
		return w.check(ctx, r)
	case Approved:
		return w.calls(ctx, one, r)
	case Pending, Done, Denied, Cancelled, Expired, Rejected:
	}
	return due(r, now), nil
}

// foreign is step for a request of an action that this version does not know,
// while versions are mixed or after one was rolled back.
func (w *Worker) foreign(ctx context.Context, r Request) (time.Time, error) {
	e, err := foreign(r, w.store.Now())
	if err != nil || e == nil {
		return due(r, w.store.Now()), err
	}
	return time.Time{}, w.happen(ctx, r, e)
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

// calls does the most urgent thing that the calls of r ask for. It asks Defender
// before it sends: what it asks it does not ask again for a while, and a Slack
// that does not answer would keep a call from being sent, and nothing else.
func (w *Worker) calls(ctx context.Context, one *hand, r Request) (time.Time, error) {
	now := w.store.Now()
	for i, c := range r.Calls {
		if c.State == Queued && !c.waiting() && !c.Hold.After(now) {
			return time.Time{}, w.tell(ctx, r, i, Wait{Why: c.Why})
		}
	}
	var again time.Time
	waits := slices.IndexFunc(r.Calls, Call.waiting)
	if waits < 0 || !w.owed.forget(r.ID) {
		at, changed, err := w.look(ctx, r)
		if err != nil || changed {
			return time.Time{}, err
		}
		again = at
	}
	if waits < 0 {
		return earliest(again, due(r, now)), nil
	}
	if w.store.Now().Sub(now) > stepLimit/4 { // the lease is too short for both: the next step sends
		w.owed.note(r.ID, struct{}{}, w.store.Now())
		return w.store.Now(), nil
	}
	at, err := w.send(ctx, one, r, waits)
	if err != nil || at.IsZero() {
		return at, err
	}
	return earliest(earliest(again, at), due(r, now)), nil
}

// stepLimit is how long a step may read from Defender. With what comes after, it
// stays below the length of a lease.
const stepLimit = 20 * time.Second

// look asks Defender about the calls that are uncertain or run, each kind for
// half of that time. It answers when to look again, and whether it has committed
// something.
func (w *Worker) look(ctx context.Context, r Request) (again time.Time, changed bool, err error) {
	for _, look := range []func(context.Context, Request) (time.Time, bool, error){w.search, w.follow} {
		at, changed, err := look(ctx, r)
		if err != nil || changed {
			return time.Time{}, changed, err
		}
		again = earliest(again, at)
	}
	return again, false, nil
}

// tell commits one event of one call.
func (w *Worker) tell(ctx context.Context, r Request, call int, e CallEvent) error {
	_, err := w.store.Apply(ctx, newOp(), r, func(Request) (Event, error) {
		return On{Call: call, Event: e}, nil
	})
	return err
}
