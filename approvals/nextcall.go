package approvals

import "time"

// nextCall is the call after e happened to c at now, or a *No. Only a queued
// call is ever sent, and only proof that nothing started leads back to queued.
func nextCall(c Call, e CallEvent, now time.Time) (Call, error) {
	misfit := no(DoesNotFit, eventName(e)+" in "+string(c.State))
	switch e := e.(type) {
	case Send:
		if !c.waiting() {
			return c, misfit
		}
		sent := c.to(Sending, Why{}, now)
		sent.Attempt, sent.NotAfter = c.Attempt+1, e.NotAfter
		return sent, nil
	case Accept:
		if !c.answers(e.Attempt) {
			return c, misfit
		}
		return c.with(e.Job, Running, now), nil
	case Requeue:
		if c.State != Sending || c.Attempt != e.Attempt {
			return c, misfit
		}
		back := c.to(Queued, e.Why, now)
		back.Hold = e.Hold
		return back, nil
	case Fail:
		if !c.answers(e.Attempt) {
			return c, misfit
		}
		return c.to(Failed, e.Why, now), nil
	case Doubt:
		if c.State != Sending || c.Attempt != e.Attempt {
			return c, misfit
		}
		return c.to(Uncertain, e.Why, now), nil
	case Adopt:
		if c.State != Uncertain && (c.State != Sending || e.As != Running) {
			return c, misfit
		}
		return c.with(e.Job, e.As, now), nil
	case Report:
		if c.State != Running || e.Job.ID != c.Job.ID {
			return c, misfit
		}
		return c.with(e.Job, e.As, now), nil
	case Miss:
		if c.State != Uncertain {
			return c, misfit
		}
		return c.to(Failed, Why{Reason: NotStarted}, now), nil
	case GiveUp:
		if c.State != Uncertain && c.State != Running {
			return c, misfit
		}
		return c.to(Unknown, e.Why, now), nil
	case Lapse, Wait, Expect, Stop:
		if c.State != Queued {
			return c, misfit
		}
		return queuedCall(c, e, now), nil
	}
	return c, misfit
}

// queuedCall is nextCall for what only ever happens to a call that waits.
func queuedCall(c Call, e CallEvent, now time.Time) Call {
	switch e := e.(type) {
	case Lapse:
		return c.to(Lapsed, e.Why, now)
	case Wait:
		c.Why, c.Hold, c.Expected, c.Foretold = e.Why, e.Hold, time.Time{}, time.Time{}
	case Expect:
		c.Why, c.Expected, c.Foretold = e.Why, e.At, now
	case Stop:
		stopped := c.to(CallCancelled, Why{}, now)
		stopped.By = e.By
		return stopped
	case Send, Accept, Requeue, Fail, Doubt, Adopt, Report, Miss, GiveUp:
	}
	return c
}

// answers reports whether the answer to an attempt may still be taken: the owner
// may come late, when others already take the call for uncertain.
func (c Call) answers(attempt int) bool {
	return (c.State == Sending || c.State == Uncertain) && c.Attempt == attempt
}

// to moves the call to a state and drops what only the old state needed.
func (c Call) to(s CallState, why Why, now time.Time) Call {
	c.State, c.Why, c.Since = s, why, now
	c.Hold, c.Expected, c.Foretold = time.Time{}, time.Time{}, time.Time{}
	if s.Ended() {
		c.EndedAt = now
	}
	return c
}

// with moves the call to what its job shows.
func (c Call) with(j Job, s CallState, now time.Time) Call {
	if s != Running && !s.Ended() {
		s = Running
	}
	why := Why{}
	if s.Ended() {
		why.Reason = Ran
	}
	since := c.Since
	moved := c.to(s, why, now)
	if s == c.State {
		moved.Since = since
	}
	moved.Job = j
	if moved.Started.IsZero() {
		moved.Started = now
	}
	return moved
}
