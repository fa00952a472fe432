package office

import (
	"context"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// search looks for what became of the uncertain calls of r, each at its time. It
// answers when to look again, and whether it has committed something.
func (w *Worker) search(ctx context.Context, l ledger.Lease, r approvals.Request) (again time.Time, changed bool, err error) {
	reading, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	for _, i := range w.uncertain(r) {
		if last, ok := w.asked.get(approvals.CallID(r.ID, i), w.store.Now()); ok && w.store.Now().Before(last.at.Add(approvals.SearchEvery)) {
			again = approvals.Earliest(again, last.at.Add(approvals.SearchEvery))
			continue
		}
		e, at, err := w.searchOne(reading, r, i)
		if reading.Err() != nil && e == nil { // the rest has its turn in the next step
			return approvals.Earliest(again, w.store.Now().Add(stepRetry)), false, nil
		}
		if err != nil {
			return again, false, err
		}
		if e != nil {
			return time.Time{}, true, w.applyCall(ctx, l, r, i, e)
		}
		again = approvals.Earliest(again, at)
	}
	return again, false, nil
}

// uncertain are the uncertain calls of r, the longest unsearched first.
func (w *Worker) uncertain(r approvals.Request) (calls []int) {
	for i, c := range r.Calls {
		if c.State == approvals.Uncertain {
			calls = append(calls, i)
		}
	}
	last := func(i int) time.Time {
		n, _ := w.asked.get(approvals.CallID(r.ID, i), w.store.Now())
		return n.at
	}
	slices.SortStableFunc(calls, func(a, b int) int { return last(a).Compare(last(b)) })
	return calls
}

// searchOne is what a look at Defender says about one uncertain call: an
// event, nothing yet, or not before a time.
func (w *Worker) searchOne(ctx context.Context, r approvals.Request, i int) (approvals.CallEvent, time.Time, error) {
	c := r.Calls[i]
	action, _ := w.store.Action(r.Action)
	since := sentSince(r, c, action.Tracks)
	on, at, err := w.jobsOn(ctx, r, i, since, ledger.ForUncertain())
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case on.err != nil:
		return w.unsearched(ctx, r, i, on.err), at, nil //nolint:nilerr // its card says it
	case !at.IsZero():
		return nil, at, nil
	}
	sighted := w.inSight(r, i)
	free, err := w.nobodys(ctx, r, on.jobs)
	if err != nil {
		return nil, time.Time{}, err
	}
	e := verdict(candidates(r, action, free, since), action.Tracks, on.whole, w.searchedEnough(c))
	if _, missed := e.(approvals.Miss); missed {
		e = unfound(r, free)
	}
	if e == nil && sighted {
		e = approvals.RegainSight{}
	}
	return e, time.Time{}, nil
}

// searchedEnough reports whether an uncertain call was looked for long enough.
func (w *Worker) searchedEnough(c approvals.Call) bool {
	return w.store.Now().After(c.SearchedUntil()) && w.store.Steady(approvals.SearchedFor)
}

// unsearched is what becomes of an uncertain call that Defender could not be asked about;
// nil: nothing that its card does not show. What Defender shows no more will never be
// found, and that does not mean that it did not start.
func (w *Worker) unsearched(ctx context.Context, r approvals.Request, i int, err error) approvals.CallEvent {
	e := w.sightLost(ctx, r, i, err)
	why := r.Calls[i].Blind
	if lost, news := e.(approvals.LoseSight); news {
		why = lost.Why
	}
	if why.Reason == approvals.ReadsEnded && w.searchedEnough(r.Calls[i]) {
		return approvals.GiveUp{Why: why}
	}
	return e
}

// sentSince is when what a call has started can have been created at the earliest. A
// machine action is known by its comment, whatever its time says.
func sentSince(r approvals.Request, c approvals.Call, t defender.Tracking) time.Time {
	switch {
	case t != defender.TrackInvestigations:
		return time.Time{}
	case c.Why.Reason == approvals.RolledBack: // when it was sent, if it was, is lost
		return r.Asked.Add(-clockSlack)
	}
	return c.NotAfter.Add(-approvals.SendLimit - clockSlack)
}

// verdict is what becomes of an uncertain call by what was found of it; nil:
// nothing yet. A machine action is ours by its comment, an investigation can be
// anybody's; only a whole list proves that there is no other, or none.
func verdict(found []defender.Job, t defender.Tracking, whole, late bool) approvals.CallEvent {
	switch {
	case len(found) == 1 && t == defender.TrackMachineActions:
		return approvals.Adopt{Job: ours(found[0]), As: stateOf(found[0])}
	case len(found) > 1:
		return approvals.GiveUp{Why: approvals.Why{Reason: approvals.SeveralFound}}
	case !whole:
		return nil
	case len(found) == 1:
		return approvals.Adopt{Job: adopted(found[0]), As: stateOf(found[0])}
	case late:
		return approvals.Miss{}
	}
	return nil
}

// clockSlack is by how much Defender's clock may be behind Redis's.
const clockSlack = time.Minute

// candidates are the jobs that can be what the call started. A machine action
// carries the comment it was started with, and mostly its scope. An investigation carries
// nothing: every one on the device since then can be it.
func candidates(r approvals.Request, action defender.Action, jobs []defender.Job, since time.Time) []defender.Job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j defender.Job) bool {
		if action.Tracks == defender.TrackMachineActions {
			return !r.OwnsComment(j.Comment) || !action.Admits(j.Scope)
		}
		return !j.Created.IsZero() && j.Created.Before(since)
	})
}

// unfound is what becomes of a call that was looked for long enough and is not among the
// jobs. One with its comment is of another scope than was asked for: something started, and
// nobody knows what Defender made of it.
func unfound(r approvals.Request, jobs []defender.Job) approvals.CallEvent {
	if i := slices.IndexFunc(jobs, func(j defender.Job) bool { return r.OwnsComment(j.Comment) }); i >= 0 {
		return approvals.GiveUp{Why: approvals.Why{Reason: approvals.AnswerLost, Detail: jobs[i].Says()}}
	}
	return approvals.Miss{}
}

// busy is what becomes of a call whose device is busy with the same action:
// it stands in for that one, if it can be found and is nobody else's.
func (w *Worker) busy(ctx context.Context, r approvals.Request, i int, why approvals.Why) approvals.CallEvent {
	attempt := r.Calls[i].Attempt
	why.Reason = approvals.AlreadyRunning
	on, at, err := w.jobsOn(ctx, r, i, time.Time{}, ledger.ForCall())
	if on.err != nil {
		w.warn(ctx, "look for what is running", on.err, r, i)
	}
	if err != nil || !at.IsZero() {
		return approvals.Fail{Attempt: attempt, Why: why}
	}
	action, _ := w.store.Action(r.Action)
	open := slices.DeleteFunc(on.jobs, func(j defender.Job) bool { return j.Phase != defender.PhaseOpen })
	if e := standIn(r, action, open); e != nil {
		return e
	}
	switch {
	case len(open) > 0: // of another scope, or of one that is not shown
		why.Detail = open[0].Says()
	case on.whole:
		why.Reason = approvals.Refused // nothing is running: its own words say more than ours
	}
	return approvals.Fail{Attempt: attempt, Why: why}
}

// standIn is that a call stands for the job which is open on its device in its place:
// its own before anybody else's. It is nil where none of them is what was asked for.
func standIn(r approvals.Request, action defender.Action, open []defender.Job) approvals.CallEvent {
	for _, j := range open {
		if r.OwnsComment(j.Comment) && action.Admits(j.Scope) {
			return approvals.Adopt{Job: ours(j), As: approvals.Running}
		}
	}
	for _, j := range open {
		if action.Covers(j.Scope) && !r.OwnsComment(j.Comment) {
			return approvals.Adopt{Job: adopted(j), As: approvals.Running}
		}
	}
	return nil
}

// listing is what Defender knows of an action on a device.
type listing struct {
	jobs  []defender.Job
	whole bool  // and these are all
	err   error // why Defender could not be asked
}

// jobsOn reads what Defender knows of r's action on device i, within the read
// window. A time says: nothing was learnt, and not before then.
func (w *Worker) jobsOn(ctx context.Context, r approvals.Request, i int, since time.Time, by ledger.Reader) (listing, time.Time, error) {
	action, ok := w.store.Action(r.Action)
	if !ok {
		return listing{}, time.Time{}, approvals.Refuse(approvals.UnknownAction, r.Action)
	}
	endpoint := action.Tracks.Endpoint()
	if at, err := w.store.BookReads(ctx, endpoint, 1, by); err != nil || !at.IsZero() {
		return listing{}, at, err
	}
	w.asked.put(approvals.CallID(r.ID, i), time.Time{}, w.store.Now())
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	jobs, whole, err := w.defender.JobsOn(ctx, action, r.Devices[i].ID, since)
	until := w.backOff(ctx, endpoint, err)
	if err != nil {
		return listing{err: err}, approvals.Earliest(until, w.store.Now().Add(approvals.SearchEvery)), nil
	}
	return listing{jobs: jobs, whole: whole}, time.Time{}, nil
}

// nobodys leaves out the jobs that a call of another request stands for.
func (w *Worker) nobodys(ctx context.Context, r approvals.Request, jobs []defender.Job) ([]defender.Job, error) {
	var free []defender.Job
	for _, j := range jobs {
		owned := false
		for _, prefix := range approvals.JobPrefixes(j.ID, j.AlertID) {
			owner, err := w.store.Owner(ctx, prefix)
			if err != nil {
				return nil, err
			}
			owned = owned || owner != "" && owner != r.ID
		}
		if !owned {
			free = append(free, j)
		}
	}
	return free, nil
}
