package approvals

import (
	"context"
	"errors"
	"time"

	"defenderbot/defender"
)

// follow asks Defender how the running calls of r are doing, and commits what
// is new. It answers when to look again, and whether it has committed.
func (w *Worker) follow(ctx context.Context, r Request) (time.Time, bool, error) {
	ids, owner := running(r)
	action, ok := w.store.Action(r.Action)
	if len(ids) == 0 || !ok {
		return time.Time{}, false, nil
	}
	jobs, at, err := w.jobs(ctx, action, ids)
	if err != nil || !at.IsZero() {
		return at, false, err
	}
	changed := false
	for _, j := range jobs {
		i := owner[j.ID]
		e := Report{Job: merged(r.Calls[i].Job, j), As: stateOf(j)}
		if e.Job == r.Calls[i].Job && e.As == Running {
			continue // no news leave no trace
		}
		if r, err = w.store.Apply(ctx, newOp(), r, func(Request) (Event, error) { return On{Call: i, Event: e}, nil }); err != nil {
			return time.Time{}, changed, err
		}
		changed = true
	}
	return time.Time{}, changed, nil
}

// running are the jobs of the running calls, and whose they are.
func running(r Request) (ids []string, owner map[string]int) {
	owner = map[string]int{}
	for i, c := range r.Calls {
		if c.State == Running {
			ids = append(ids, c.Job.ID)
			owner[c.Job.ID] = i
		}
	}
	return ids, owner
}

// jobs reads jobs within the read window. A time says: not before then.
func (w *Worker) jobs(ctx context.Context, action defender.Action, ids []string) ([]defender.Job, time.Time, error) {
	endpoint := action.Tracks.Endpoint()
	reads := 1
	if action.Tracks == defender.TrackInvestigations {
		reads = len(ids)
	}
	for n := range reads {
		at, err := w.store.mayRead(ctx, endpoint, forPolling)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !at.IsZero() && n == 0 {
			return nil, at, nil
		}
		if !at.IsZero() {
			ids = ids[:n] // as many as may be asked for now
			break
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readLimit)
	defer cancel()
	jobs, err := w.defender.Jobs(ctx, action.Tracks, ids)
	if err != nil {
		w.log.InfoContext(ctx, "defender cannot be asked how calls are doing; trying again", "error", err)
		return nil, earliest(w.backOff(ctx, endpoint, err), w.store.Now().Add(searchEvery)), nil
	}
	return jobs, time.Time{}, nil
}

// backOff keeps everybody from an endpoint that said 429, and answers until
// when; zero for every other error.
func (w *Worker) backOff(ctx context.Context, endpoint defender.Endpoint, err error) time.Time {
	e, ok := errors.AsType[*defender.Error](err)
	if !ok || e.Cause != defender.Throttled {
		return time.Time{}
	}
	until := w.store.Now().Add(e.RetryAfter)
	if err := w.store.pauseReads(ctx, endpoint, until); err != nil {
		w.log.WarnContext(ctx, "the others cannot be told to leave defender alone", "endpoint", endpoint.Name, "error", err)
	}
	return until
}

// merged is what is known of a job now; who started it does not change.
func merged(known Job, j defender.Job) Job {
	known.Status, known.Details = j.Status, j.Details
	if known.Alert == "" {
		known.Alert = j.AlertID
	}
	if known.Created.IsZero() {
		known.Created = j.Created
	}
	return known
}

// stateOf is what the phase of a job means for its call.
func stateOf(j defender.Job) CallState {
	switch j.Phase {
	case defender.PhaseSucceeded:
		return Succeeded
	case defender.PhaseFailed:
		return Failed
	case defender.PhaseCancelled:
		return CallCancelled
	case defender.PhaseUnknown:
		if !j.Ended.IsZero() {
			return Unknown
		}
	case defender.PhaseOpen:
	}
	return Running
}
