package approvals

import (
	"context"
	"slices"
	"time"

	"defenderbot/defender"
)

// search looks for what became of the uncertain calls of r, each at its time. It
// answers when to look again, and whether it has committed something.
func (w *Worker) search(ctx context.Context, c claimed, r Request) (again time.Time, changed bool, err error) {
	reading, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	for _, i := range w.uncertain(r) {
		if last, ok := w.asked.recall(turnOf(r.ID, i), w.store.Now()); ok && w.store.Now().Before(last.at.Add(searchEvery)) {
			again = earliest(again, last.at.Add(searchEvery))
			continue
		}
		e, at, err := w.searchOne(reading, r, i)
		if reading.Err() != nil && e == nil { // the rest has its turn in the next step
			return earliest(again, w.store.Now().Add(stepRetry)), false, nil
		}
		if err != nil {
			return again, false, err
		}
		if e != nil {
			return time.Time{}, true, w.tell(ctx, c, r, i, e)
		}
		again = earliest(again, at)
	}
	return again, false, nil
}

// uncertain are the uncertain calls of r, those that were not looked for longest
// first.
func (w *Worker) uncertain(r Request) (calls []int) {
	for i, c := range r.Calls {
		if c.State == Uncertain {
			calls = append(calls, i)
		}
	}
	last := func(i int) time.Time {
		n, _ := w.asked.recall(turnOf(r.ID, i), w.store.Now())
		return n.at
	}
	slices.SortStableFunc(calls, func(a, b int) int { return last(a).Compare(last(b)) })
	return calls
}

// searchOne is what a look at Defender says about one uncertain call: an
// event, nothing yet, or not before a time.
func (w *Worker) searchOne(ctx context.Context, r Request, i int) (CallEvent, time.Time, error) {
	c := r.Calls[i]
	action, _ := w.store.Action(r.Action)
	var since time.Time // a machine action is known by its comment, whatever its time says
	if action.Tracks == defender.TrackInvestigations {
		since = c.NotAfter.Add(-sendLimit - clockSlack)
	}
	jobs, at, err := w.jobsOn(ctx, r, i, since, forUncertain)
	if err != nil || !at.IsZero() {
		return nil, at, err
	}
	jobs, err = w.nobodys(ctx, r, jobs)
	if err != nil {
		return nil, time.Time{}, err
	}
	switch found := candidates(r, action, jobs, since); {
	case len(found) == 1 && action.Tracks == defender.TrackMachineActions:
		return Adopt{Job: ours(found[0]), As: stateOf(found[0])}, time.Time{}, nil
	case len(found) == 1:
		return Adopt{Job: adopted(found[0]), As: stateOf(found[0])}, time.Time{}, nil
	case len(found) > 1:
		return GiveUp{Why: Why{Reason: SeveralFound}}, time.Time{}, nil
	case w.store.Now().After(c.searched()):
		return Miss{}, time.Time{}, nil
	}
	return nil, time.Time{}, nil
}

// clockSlack is by how much Defender's clock may be behind Redis's.
const clockSlack = time.Minute

// candidates are the jobs that can be what the call started. A machine action
// carries the comment it was started with. An investigation carries nothing:
// every one on the device since then can be it.
func candidates(r Request, action defender.Action, jobs []defender.Job, since time.Time) []defender.Job {
	return slices.DeleteFunc(slices.Clone(jobs), func(j defender.Job) bool {
		if action.Tracks == defender.TrackMachineActions {
			return !r.isOurs(j.Comment)
		}
		return !j.Created.IsZero() && j.Created.Before(since)
	})
}

// busy is what becomes of a call whose device is busy with the same action:
// it stands in for that one, if it can be found and is nobody else's.
func (w *Worker) busy(ctx context.Context, r Request, i int, why Why) CallEvent {
	attempt := r.Calls[i].Attempt
	why.Reason = AlreadyRunning
	jobs, at, err := w.jobsOn(ctx, r, i, time.Time{}, forPeople)
	if err != nil || !at.IsZero() {
		return Fail{Attempt: attempt, Why: why}
	}
	action, _ := w.store.Action(r.Action)
	for _, j := range jobs {
		if j.Phase == defender.PhaseOpen && j.Scope == action.Scope {
			if r.isOurs(j.Comment) {
				return Adopt{Job: ours(j), As: Running}
			}
			return Adopt{Job: adopted(j), As: Running}
		}
	}
	why.Reason = Refused // nothing is running: its own words say more than ours
	return Fail{Attempt: attempt, Why: why}
}

// jobsOn reads what Defender knows of r's action on device i, within the read
// window. A time says: not before then.
func (w *Worker) jobsOn(ctx context.Context, r Request, i int, since time.Time, part share) ([]defender.Job, time.Time, error) {
	action, ok := w.store.Action(r.Action)
	if !ok {
		return nil, time.Time{}, no(UnknownAction, r.Action)
	}
	endpoint := action.Tracks.Endpoint()
	if at, err := w.store.mayRead(ctx, endpoint, part); err != nil || !at.IsZero() {
		return nil, at, err
	}
	w.asked.note(turnOf(r.ID, i), time.Time{}, w.store.Now())
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	jobs, err := w.defender.JobsOn(ctx, action, r.Devices[i].ID, since)
	if err != nil {
		w.log.WarnContext(ctx, "a call cannot be looked up; trying again", "request", r.ID, "call", i, "error", err)
		return nil, earliest(w.backOff(ctx, endpoint, err), w.store.Now().Add(searchEvery)), nil
	}
	return jobs, time.Time{}, nil
}

// nobodys leaves out the jobs that a call of another request stands for.
func (w *Worker) nobodys(ctx context.Context, r Request, jobs []defender.Job) ([]defender.Job, error) {
	var free []defender.Job
	for _, j := range jobs {
		owned := false
		for _, prefix := range namesOf(j) {
			owner, err := w.store.owner(ctx, prefix)
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

// namesOf are the index entries under which a job that somebody stands for can
// be: that of its id, that of its alert where the id was not known then, and
// where it is known by its alert alone now, that of a job with this alert.
func namesOf(j defender.Job) []string {
	names := []string{jobPrefix(j.ID)}
	switch j.AlertID {
	case "":
	case j.ID:
		names = append(names, alertPrefix(j.ID))
	default:
		names = append(names, jobPrefix(j.AlertID))
	}
	return names
}
