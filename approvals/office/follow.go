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
	jobs, at, err := w.jobs(reading, action, ids)
	cancel()
	if err != nil {
		w.log.InfoContext(ctx, "job poll failed", "request", r.ID, "error", err)
		at = approvals.Earliest(at, w.store.Now().Add(approvals.SearchEvery))
	}
	changed := false
	for _, j := range jobs {
		i, own := owner[j.ID]
		if !own {
			continue // of another request that shares the poll
		}
		e := approvals.Report{Job: merged(r.Calls[i], j, w.store.Now()), As: stateOf(j)}
		if e.Job == r.Calls[i].Job && e.As == approvals.Running {
			continue // no news leave no trace
		}
		if r, err = w.store.ApplyLeased(ctx, l, r, func(approvals.Request) (approvals.Event, error) { return approvals.On{Call: i, Event: e}, nil }); err != nil {
			return time.Time{}, changed, err
		}
		changed = true
	}
	return approvals.Earliest(at, next), changed, nil
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
		at := approvals.PollAt(c.Started, asked.at)
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

// jobs reads jobs within the read window. A time says that some or all of them
// may not be asked for before then; an error, that some could not be read.
// Machine actions share their reads.
func (w *Worker) jobs(ctx context.Context, action defender.Action, ids []string) ([]defender.Job, time.Time, error) {
	if action.Tracks != defender.TrackMachineActions {
		return w.readJobs(ctx, action.Tracks, ids, 1)
	}
	return w.polls.share(ctx, ids, func(ctx context.Context, ids []string) ([]defender.Job, time.Time, error) {
		return w.readJobs(ctx, action.Tracks, ids, perRead)
	})
}

// readJobs reads as many jobs as the window and the time allow, up to each with
// one read. One that cannot be read does not keep it from the others.
func (w *Worker) readJobs(ctx context.Context, t defender.Tracking, ids []string, each int) (found []defender.Job, at time.Time, err error) {
	for some := range slices.Chunk(ids, each) {
		at, full := w.store.BookReads(ctx, t.Endpoint(), 1, ledger.ForPolling)
		if full != nil {
			return found, time.Time{}, full
		}
		if !at.IsZero() { // several places may be free a little later
			return found, at.Add(stepRetry), err
		}
		jobs, wrong := w.readSome(ctx, t, some)
		found = append(found, jobs...)
		if wrong == nil {
			w.noteAsked(some, time.Time{})
			continue
		}
		err = wrong
		if until := w.backOff(ctx, t.Endpoint(), wrong); !until.IsZero() {
			return found, until, err
		}
		w.noteAsked(some, w.store.Now().Add(approvals.SearchEvery))
	}
	return found, time.Time{}, err
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
// when; zero for every other error.
func (w *Worker) backOff(ctx context.Context, endpoint defender.Endpoint, err error) time.Time {
	e, ok := errors.AsType[*defender.Error](err)
	if !ok || e.Cause != defender.Throttled {
		return time.Time{}
	}
	until := w.store.Now().Add(e.RetryAfter + approvals.Margin)
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
	known.Status, known.Details = j.Status, j.Details
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
