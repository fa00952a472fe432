package approvals

import "time"

// StopJobs asks for everything to be stopped that Defender runs for the request, as it
// was shown. Whether Defender can stop it at all is for whoever knows the action to say.
type StopJobs struct {
	By     Person
	Digest string
}

func (StopJobs) name() string { return "stopjobs" }

func (e StopJobs) line() (by Person, detail string) { return e.By, e.Digest }

func (e StopJobs) apply(r Request, now time.Time) (Request, error) {
	if e.Digest != r.Digest() {
		return r, Refuse(ShownDiffers, "")
	}
	asked, underWay := 0, false
	for i, c := range r.Calls {
		if !c.Stoppable() || c.stopFresh(now) {
			underWay = underWay || c.State == Running
			continue
		}
		r.Calls[i].Stop = Stopping{State: StopAsked, By: e.By, At: now, Since: now, Attempt: c.Stop.Attempt}
		asked++
	}
	switch {
	case asked > 0:
		return r, nil
	case underWay:
		return r, Refuse(StopUnderWay, "")
	}
	return r, Refuse(NothingToStop, "")
}

// SendStop records that the POST that stops a job may leave from now until NotAfter.
type SendStop struct{ NotAfter time.Time }

func (SendStop) name() string  { return "sendstop" }
func (SendStop) about() string { return "" }

func (e SendStop) applyTo(c Call, now time.Time) (Call, bool) {
	sent := c.stopped(StopSending, Why{}, now)
	sent.Stop.Attempt, sent.Stop.NotAfter = c.Stop.Attempt+1, e.NotAfter
	return sent, c.StopWaits()
}

// HoldStop records that attempt Attempt to stop a job came to nothing, or was not made:
// it is made again, not before Hold.
type HoldStop struct {
	Attempt int
	Why     Why
	Hold    time.Time
}

func (HoldStop) name() string    { return "holdstop" }
func (e HoldStop) about() string { return e.Why.brief() }

func (e HoldStop) applyTo(c Call, now time.Time) (Call, bool) {
	held := c.stopped(StopAsked, e.Why, now)
	held.Stop.Hold = e.Hold
	return held, c.stopOpen(e.Attempt)
}

// TakeStop records that Defender took attempt Attempt, and how it shows the job now.
type TakeStop struct {
	Attempt int
	Job     Job
	As      CallState // Running, or how it has ended
}

func (TakeStop) name() string    { return "takestop" }
func (e TakeStop) about() string { return e.Job.ID + " " + e.Job.Status }

func (e TakeStop) applyTo(c Call, now time.Time) (Call, bool) {
	taken := c.stopped(StopTaken, Why{}, now).with(e.Job, e.As, now)
	return taken, c.stopAnswers(e.Attempt) && e.Job.ID == c.Job.ID
}

// RefuseStop records that Defender refused attempt Attempt, and a repeat would not help;
// or that no other one is made after it, because whoever asked may not any more.
type RefuseStop struct {
	Attempt int
	Why     Why
}

func (RefuseStop) name() string    { return "refusestop" }
func (e RefuseStop) about() string { return e.Why.brief() }

func (e RefuseStop) applyTo(c Call, now time.Time) (Call, bool) {
	return c.stopped(StopRefused, e.Why, now), c.stopOpen(e.Attempt) || c.stopAnswers(e.Attempt)
}

// LoseStop records that nobody can tell whether attempt Attempt stopped anything. It is
// not made again unless somebody asks for that.
type LoseStop struct {
	Attempt int
	Why     Why
}

func (LoseStop) name() string    { return "losestop" }
func (e LoseStop) about() string { return e.Why.brief() }

func (e LoseStop) applyTo(c Call, now time.Time) (Call, bool) {
	return c.stopped(StopLost, e.Why, now), c.stopOpen(e.Attempt)
}

// stopped moves the stop of a call to a state and drops what only the old one needed.
func (c Call) stopped(s StopState, why Why, now time.Time) Call {
	c.Stop.State, c.Stop.Why, c.Stop.Since, c.Stop.Hold = s, why, now, time.Time{}
	return c
}

// stopOpen reports whether a stop is to be sent or under way, and no attempt was made
// after that one.
func (c Call) stopOpen(attempt int) bool {
	return c.State == Running && c.Stop.Attempt == attempt && (c.Stop.State == StopAsked || c.Stop.State == StopSending)
}

// stopAnswers reports whether the answer to an attempt may still be taken: the owner
// may come late, when others already take it for lost.
func (c Call) stopAnswers(attempt int) bool {
	return c.State == Running && c.Stop.Attempt == attempt && (c.Stop.State == StopSending || c.Stop.State == StopLost)
}
