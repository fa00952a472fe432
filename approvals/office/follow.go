package office

import (
	"context"
	"errors"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// follow asks Defender about the running calls of r that are due, and commits what
// is new. It answers when to look again, and whether it has committed.
func (w *Worker) follow(ctx context.Context, l ledger.Lease, r approvals.Request) (time.Time, bool, error) {
	action, ok := w.store.Action(r.Action)
	ids, owner, next := w.dueJobs(r)
	if len(ids) == 0 || !ok {
		return next, false, nil
	}
	reading, cancel := context.WithTimeout(ctx, lookLimit)
	looks, at, err := w.jobs(reading, action, ids)
	cancel()
	if err != nil && w.once("job poll failed "+r.ID+" "+string(whyOf(err).Reason)) {
		w.log.WarnContext(ctx, "job poll failed", "request", r.ID, "error", err)
	}
	if err != nil {
		at = approvals.Earliest(at, w.store.Now().Add(approvals.SearchEvery))
	}
	asking, cancel := context.WithTimeout(ctx, w.nameLimit)
	defer cancel()
	changed := false
	for _, look := range looks {
		i, own := owner[look.id]
		if !own {
			continue // of another request that shares the poll
		}
		if look.err == nil {
			var named bool
			if r, named, err = w.nameLate(ctx, asking, l, r, i); err != nil {
				return time.Time{}, changed, err
			}
			changed = changed || named
		}
		e := w.news(ctx, r, i, look)
		if e == nil {
			continue // no news leave no trace
		}
		if r, err = w.store.ApplyLeased(ctx, l, r, func(approvals.Request) (approvals.Event, error) { return approvals.On{Call: i, Event: e}, nil }); err != nil {
			return time.Time{}, changed, err
		}
		changed = true
	}
	return approvals.Earliest(at, next), changed, nil
}

// news is what a look at its job says about a call; nil: nothing new.
func (w *Worker) news(ctx context.Context, r approvals.Request, i int, l look) approvals.CallEvent {
	if l.err != nil {
		return w.sightLost(ctx, r, i, l.err)
	}
	sighted := w.inSight(r, i)
	e := approvals.Report{Job: merged(r.Calls[i], l.job, w.store.Now()), As: stateOf(l.job)}
	if e.Job == r.Calls[i].Job && e.As == approvals.Running && !sighted {
		return nil
	}
	return e
}

// look is what Defender said about one job that it was asked about, or why it did
// not.
type look struct {
	id  string
	job defender.Job
	err error
}

// dueJobs are the jobs of the running calls that are due, the longest unasked
// first, with the calls they belong to; and when the next one is due.
func (w *Worker) dueJobs(r approvals.Request) (ids []string, owner map[string]int, next time.Time) {
	now, last := w.store.Now(), map[string]time.Time{}
	owner = map[string]int{}
	for i, c := range r.Calls {
		if c.State != approvals.Running {
			continue
		}
		asked, ok := w.asked.get(c.Job.ID, now)
		started := c.FollowedFrom()
		if started.After(now) { // Redis's clock was ahead
			started = now.Add(-time.Minute)
		}
		at := approvals.PollAt(started, asked.at)
		if ok && !asked.value.IsZero() {
			at = asked.value
		}
		if at.After(now) {
			next = approvals.Earliest(next, at)
			continue
		}
		ids, owner[c.Job.ID], last[c.Job.ID] = append(ids, c.Job.ID), i, asked.at
	}
	slices.SortStableFunc(ids, func(a, b string) int { return last[a].Compare(last[b]) })
	return ids, owner, next
}

// jobs reads jobs within the read window. A time says that those that are not among
// the answers may not be asked for before then; an error, that Redis or the poll that
// they shared failed. Machine actions share their reads.
func (w *Worker) jobs(ctx context.Context, action defender.Action, ids []string) ([]look, time.Time, error) {
	if action.Tracks != defender.TrackMachineActions {
		return w.readJobs(ctx, action.Tracks, ids, 1)
	}
	return w.polls.share(ctx, ids, func(ctx context.Context, ids []string) ([]look, time.Time, error) {
		return w.readJobs(ctx, action.Tracks, ids, perRead)
	})
}

// readJobs reads as many jobs as the window and the time allow, up to each with
// one read. One that cannot be read does not keep it from the others.
func (w *Worker) readJobs(ctx context.Context, t defender.Tracking, ids []string, each int) (looks []look, at time.Time, err error) {
	for some := range slices.Chunk(ids, each) {
		at, err := w.store.BookReads(ctx, t.Endpoint(), 1, ledger.ForPolling())
		if err != nil {
			return looks, time.Time{}, err
		}
		if !at.IsZero() { // several places may be free a little later
			return looks, at.Add(stepRetry), nil
		}
		jobs, wrong := w.readSome(ctx, t, some)
		looks = append(looks, looksOf(some, jobs, wrong)...)
		if until := w.backOff(ctx, t.Endpoint(), wrong); !until.IsZero() {
			return looks, until, nil
		}
		again := time.Time{}
		if wrong != nil {
			again = w.store.Now().Add(approvals.SearchEvery)
		}
		w.noteAsked(some, again)
	}
	return looks, time.Time{}, nil
}

// looksOf tells for each id what one read said. What Defender does not show it may
// show later.
func looksOf(ids []string, jobs []defender.Job, wrong error) []look {
	looks := make([]look, len(ids))
	for n, id := range ids {
		looks[n] = look{id: id, err: wrong}
		at := slices.IndexFunc(jobs, func(j defender.Job) bool { return j.ID == id })
		switch {
		case at >= 0:
			looks[n] = look{id: id, job: jobs[at]}
		case wrong == nil:
			looks[n].err = &defender.Error{Op: "read job " + id, Cause: defender.NotFound}
		}
	}
	return looks
}

// noteAsked notes that Defender was asked about jobs; where it could not say, not
// before when again.
func (w *Worker) noteAsked(ids []string, again time.Time) {
	for _, id := range ids {
		w.asked.put(id, again, w.store.Now())
	}
}

func (w *Worker) readSome(ctx context.Context, t defender.Tracking, ids []string) ([]defender.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	return w.defender.Jobs(ctx, t, ids)
}

// backOff keeps everybody from an endpoint that said 429, and answers until
// when; zero for everything else.
func (w *Worker) backOff(ctx context.Context, endpoint defender.Endpoint, err error) time.Time {
	e, ok := errors.AsType[*defender.Error](err)
	if !ok || e.Cause != defender.Throttled {
		if err == nil {
			w.pauses.over(endpoint)
		}
		return time.Time{}
	}
	until := w.store.Now().Add(w.pauses.asked(endpoint, e))
	if err := w.store.HoldReads(ctx, endpoint, until); err != nil {
		w.log.WarnContext(ctx, "read hold failed", "endpoint", endpoint.Name, "error", err)
	}
	return until
}

// slow is how long a job runs before its card says that it takes long.
const slow = 10 * time.Minute

// merged is what is known of a call's job now. Who started it does not change.
func merged(c approvals.Call, j defender.Job, now time.Time) approvals.Job {
	known := c.Job
	known.Status, known.Details, known.Queued = j.Status, j.Details, j.Queued()
	known.Slow = now.Sub(c.Started) >= slow
	if known.Alert == "" {
		known.Alert = j.AlertID
	}
	if known.Created.IsZero() {
		known.Created = j.Created
	}
	return known
}

// stateOf is what the phase of a job means for its call.
func stateOf(j defender.Job) approvals.CallState {
	switch j.Phase {
	case defender.PhaseSucceeded:
		return approvals.Succeeded
	case defender.PhaseFailed:
		return approvals.Failed
	case defender.PhaseCancelled:
		return approvals.CallCancelled
	case defender.PhaseUnknown:
		if !j.Ended.IsZero() {
			return approvals.Unknown
		}
	case defender.PhaseOpen:
	}
	return approvals.Running
}
