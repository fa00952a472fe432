package approvals

import "time"

// nextCall is the call after e happened to c at now, or a *Refusal. Only a queued
// call is ever sent, and only proof that nothing started leads back to queued.
func nextCall(c Call, e CallEvent, now time.Time) (Call, error) {
	after, fits := e.applyTo(c, now)
	if !fits {
		return c, Refuse(DoesNotFit, e.name()+" in "+string(c.State))
	}
	return after, nil
}

// Send records that a POST may leave from now until NotAfter.
type Send struct{ NotAfter time.Time }

func (Send) name() string  { return "send" }
func (Send) about() string { return "" }

func (e Send) applyTo(c Call, now time.Time) (Call, bool) {
	sent := c.to(Sending, Why{}, now)
	sent.Attempt, sent.NotAfter = c.Attempt+1, e.NotAfter
	return sent, c.Waiting()
}

// Accept records that Defender took attempt Attempt and made Job of it.
type Accept struct {
	Attempt int
	Job     Job
	As      CallState // Running, or how it had ended when Defender answered; empty: Running
}

func (Accept) name() string    { return "accept" }
func (e Accept) about() string { return e.Job.ID }

func (e Accept) applyTo(c Call, now time.Time) (Call, bool) {
	return c.with(e.Job, e.As, now), c.answers(e.Attempt)
}

// Requeue records that attempt Attempt provably started nothing.
type Requeue struct {
	Attempt int
	Why     Why
	Hold    time.Time
}

func (Requeue) name() string    { return "requeue" }
func (e Requeue) about() string { return e.Why.brief() }

func (e Requeue) applyTo(c Call, now time.Time) (Call, bool) {
	back := c.to(Queued, e.Why, now)
	back.Hold = e.Hold
	return back, c.sends(e.Attempt)
}

// Fail records that Defender refused attempt Attempt, and a repeat would not help.
type Fail struct {
	Attempt int
	Why     Why
}

func (Fail) name() string    { return "fail" }
func (e Fail) about() string { return e.Why.brief() }

func (e Fail) applyTo(c Call, now time.Time) (Call, bool) {
	return c.to(Failed, e.Why, now), c.answers(e.Attempt)
}

// Doubt records that nobody can tell whether attempt Attempt started anything.
type Doubt struct {
	Attempt int
	Why     Why
}

func (Doubt) name() string    { return "doubt" }
func (e Doubt) about() string { return e.Why.brief() }

func (e Doubt) applyTo(c Call, now time.Time) (Call, bool) {
	return c.to(Uncertain, e.Why, now), c.sends(e.Attempt)
}

// Suspect records that a queued call may have been sent already: Redis has lost
// changes, and with them perhaps that one. It is looked up, and never sent.
type Suspect struct{ Why Why }

func (Suspect) name() string    { return "suspect" }
func (e Suspect) about() string { return e.Why.brief() }

func (e Suspect) applyTo(c Call, now time.Time) (Call, bool) {
	suspect := c.to(Uncertain, e.Why, now)
	suspect.Attempt, suspect.NotAfter = c.Attempt+1, now
	return suspect, c.State == Queued
}

// Adopt records that Job in Defender is, or stands in for, what was asked for.
type Adopt struct {
	Job Job
	As  CallState // Running, or how it has ended
}

func (Adopt) name() string    { return "adopt" }
func (e Adopt) about() string { return e.Job.ID + " " + e.Job.Status }

func (e Adopt) applyTo(c Call, now time.Time) (Call, bool) {
	return c.with(e.Job, e.As, now), c.State == Uncertain || c.State == Sending
}

// Report says how Defender shows the job now.
type Report struct {
	Job Job
	As  CallState // Running, or how it has ended
}

func (Report) name() string    { return "report" }
func (e Report) about() string { return e.Job.ID + " " + e.Job.Status }

func (e Report) applyTo(c Call, now time.Time) (Call, bool) {
	return c.with(e.Job, e.As, now), c.State == Running && e.Job.ID == c.Job.ID
}

// LoseSight records that Defender cannot be asked about the call, and since when
// that is so. It goes on to be followed when it can.
type LoseSight struct {
	Why   Why
	Since time.Time
}

func (LoseSight) name() string    { return "losesight" }
func (e LoseSight) about() string { return e.Why.brief() }

func (e LoseSight) applyTo(c Call, _ time.Time) (Call, bool) {
	if c.BlindAt.IsZero() {
		c.BlindAt = e.Since
	}
	c.Blind = e.Why
	return c, c.State == Uncertain || c.State == Running
}

// RegainSight records that Defender could be asked about the call again, and had
// nothing new to say.
type RegainSight struct{}

func (RegainSight) name() string  { return "regainsight" }
func (RegainSight) about() string { return "" }

func (RegainSight) applyTo(c Call, _ time.Time) (Call, bool) {
	c.Blind, c.BlindAt = Why{}, time.Time{}
	return c, c.State == Uncertain || c.State == Running
}

// Miss records that the job was looked for long enough and is not there.
type Miss struct{}

func (Miss) name() string  { return "miss" }
func (Miss) about() string { return "" }

func (Miss) applyTo(c Call, now time.Time) (Call, bool) {
	return c.to(Failed, Why{Reason: NotStarted}, now), c.State == Uncertain
}

// GiveUp records that how the call ended cannot be found out.
type GiveUp struct{ Why Why }

func (GiveUp) name() string    { return "giveup" }
func (e GiveUp) about() string { return e.Why.brief() }

func (e GiveUp) applyTo(c Call, now time.Time) (Call, bool) {
	return c.to(Unknown, e.Why, now), c.State == Uncertain || c.State == Running
}

// Lapse records that the approval is no longer good.
type Lapse struct{ Why Why }

func (Lapse) name() string    { return "lapse" }
func (e Lapse) about() string { return e.Why.brief() }

func (e Lapse) applyTo(c Call, now time.Time) (Call, bool) {
	return c.to(Lapsed, e.Why, now), c.State == Queued
}

// Wait keeps a queued call from going before Hold; with no Hold it lets it go
// again.
type Wait struct {
	Why  Why
	Hold time.Time
}

func (Wait) name() string    { return "wait" }
func (e Wait) about() string { return e.Why.brief() }

func (e Wait) applyTo(c Call, _ time.Time) (Call, bool) {
	c.Why, c.Hold, c.Expected, c.Foretold = e.Why, e.Hold, time.Time{}, time.Time{}
	return c, c.State == Queued
}

// Expect foretells when a queued call will go.
type Expect struct {
	Why Why
	At  time.Time
}

func (Expect) name() string  { return "expect" }
func (Expect) about() string { return "" }

// touches leaves forecasts out of the trail: nothing has happened yet.
func (Expect) touches() (face, trail bool) { return true, false }

func (e Expect) applyTo(c Call, now time.Time) (Call, bool) {
	c.Why, c.Expected, c.Foretold = e.Why, e.At, now
	return c, c.State == Queued
}

// Stop cancels a call that still waits.
type Stop struct{ By Person }

func (Stop) name() string  { return "stop" }
func (Stop) about() string { return "" }

func (e Stop) applyTo(c Call, now time.Time) (Call, bool) {
	stopped := c.to(CallCancelled, Why{}, now)
	stopped.By = e.By
	return stopped, c.State == Queued
}
