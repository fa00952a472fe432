package approvals

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// Stopping is somebody's wish that Defender stop what it runs, and how that stands.
// The zero value is none. What became of the job itself is the state of its call:
// it has stopped when Defender says so.
type Stopping struct {
	State    StopState `json:"state"`
	By       Person    `json:"by"`                 // who asked for it last
	At       time.Time `json:"at"`                 // when
	Attempt  int       `json:"n,omitempty"`        // how many POSTs were made for it
	NotAfter time.Time `json:"not_after,omitzero"` // the attempt under way starts no write after this
	Hold     time.Time `json:"hold,omitzero"`      // asked for, but not to be sent before this
	Since    time.Time `json:"since,omitzero"`     // when it came to its state
	Why      Why       `json:"why,omitzero"`       // why it waits, was refused or is not known
}

// StopState is how far a wish to stop a job has come.
type StopState string

// The states of a stop.
const (
	NotStopped  StopState = ""
	StopAsked   StopState = "asked"   // to be sent
	StopSending StopState = "sending" // a POST may be under way
	StopTaken   StopState = "taken"   // Defender has taken it; the job may run on for a moment
	StopRefused StopState = "refused" // Defender will not, or whoever asked may not any more
	StopLost    StopState = "lost"    // nobody knows whether Defender has it; the job will show
)

// StopStates are all states of a stop.
func StopStates() []StopState {
	return []StopState{NotStopped, StopAsked, StopSending, StopTaken, StopRefused, StopLost}
}

// Answered reports whether nothing comes of a stop any more by itself.
func (s StopState) Answered() bool {
	switch s {
	case StopTaken, StopRefused, StopLost:
		return true
	case NotStopped, StopAsked, StopSending:
	}
	return false
}

// Stoppable reports whether somebody may ask for the job of the call to be stopped:
// it runs, and nobody has asked, or nothing has come of that. Where Defender took it and
// the job runs on, asking once more can help, and does no harm.
func (c Call) Stoppable() bool {
	if c.State != Running {
		return false
	}
	switch c.Stop.State {
	case NotStopped, StopTaken, StopRefused, StopLost:
		return true
	case StopAsked, StopSending:
	}
	return false
}

// stopAgain is how long a stop that Defender took is given before it is sent once more.
const stopAgain = time.Minute

// stopFresh reports whether Defender has taken a stop so lately that a second click means
// the same one.
func (c Call) stopFresh(now time.Time) bool {
	return c.Stop.State == StopTaken && now.Before(c.Stop.Since.Add(stopAgain))
}

// StopWaits reports whether a stop of the call is to be sent.
func (c Call) StopWaits() bool { return c.State == Running && c.Stop.State == StopAsked }

// FollowedFrom is from when on the job of a running call is asked for less and less
// often: since Defender took it, or since a stop of it was answered, after which it is
// about to end or people want to know why not.
func (c Call) FollowedFrom() time.Time {
	if c.Stop.State.Answered() {
		return latest(c.Started, c.Stop.Since)
	}
	return c.Started
}

// StopComment is the comment that Defender gets with the stop of a call, made like
// [Request.DefenderComment].
func (r Request) StopComment(c Call) string {
	return r.stopPrefix() + c.Stop.By.Label() + "]"
}

// OwnsStop reports whether what Defender says of a job has in it that it was cancelled by
// a stop of this request.
func (r Request) OwnsStop(details string) bool { return strings.Contains(details, r.stopPrefix()) }

// stopPrefix is how the comment of each stop of this request begins.
func (r Request) stopPrefix() string { return r.commentPrefix() + " · stopped by " }

// validate wants of a stop what its next step builds on.
func (s Stopping) validate() error {
	switch {
	case !slices.Contains(StopStates(), s.State):
		return errors.New("its stop is in no state")
	case s.State == NotStopped:
		return nil
	case s.By.ID == "" || s.At.IsZero():
		return errors.New("who asked for its stop is not there")
	case s.Attempt < 0 || s.State == StopSending && (s.Attempt == 0 || s.NotAfter.IsZero()):
		return errors.New("the attempt of its stop is not there")
	}
	return nil
}
