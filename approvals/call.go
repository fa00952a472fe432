package approvals

import (
	"fmt"
	"time"
)

// Call is one execution of an approved request on one device.
type Call struct {
	State    CallState `json:"state"`
	Attempt  int       `json:"n,omitempty"`        // how many POSTs were made for it
	NotAfter time.Time `json:"not_after,omitzero"` // the attempt under way starts no write after this
	Hold     time.Time `json:"hold,omitzero"`      // queued, but not before this
	Expected time.Time `json:"expected,omitzero"`  // queued: when its turn is expected
	Foretold time.Time `json:"foretold,omitzero"`  // when Expected was last changed
	Since    time.Time `json:"since,omitzero"`     // when it came to its state
	Started  time.Time `json:"started,omitzero"`   // when Defender took it
	Job      Job       `json:"job,omitzero"`       // what Defender made of it
	Why      Why       `json:"why,omitzero"`       // why it waits, or ended as it did
	Blind    Why       `json:"blind,omitzero"`     // uncertain or running: why Defender cannot be asked about it
	BlindAt  time.Time `json:"blind_at,omitzero"`  // since when
	EndedAt  time.Time `json:"ended_at,omitzero"`  //
	By       Person    `json:"by,omitzero"`        // who cancelled it, before it was sent
	Stop     Stopping  `json:"stop,omitzero"`      // whether somebody wants what runs to be stopped

	RetriedAs string `json:"retried_as,omitempty"` // the request that tries it again
}

// CallID names a call of a request, as in the queue of its window.
func CallID(request string, call int) string { return fmt.Sprintf("%s/%02d", request, call) }

// Job is the machine action or investigation in Defender that a call stands for.
type Job struct {
	ID      string    `json:"id"`
	Alert   string    `json:"alert,omitempty"`  // the other id of an investigation, if it has one
	Status  string    `json:"status,omitempty"` // Microsoft's word, as it came
	Details string    `json:"details,omitempty"`
	Queued  bool      `json:"queued,omitempty"`  // Defender has not begun with it
	Slow    bool      `json:"slow,omitempty"`    // it has been running for long
	Adopted bool      `json:"adopted,omitempty"` // found there; this call did not start it, or it is not known that it did
	By      string    `json:"by,omitempty"`      // who started an adopted job, as far as Defender says
	Created time.Time `json:"created,omitzero"`
}

// Waiting reports whether the call stands in the queue of its window. A held call
// does not; it comes back to its old place when its hold is lifted.
func (c Call) Waiting() bool {
	return c.State == Queued && c.Hold.IsZero()
}

// answers reports whether the answer to an attempt may still be taken: the owner
// may come late, when others already take the call for uncertain.
func (c Call) answers(attempt int) bool {
	return (c.State == Sending || c.State == Uncertain) && c.Attempt == attempt
}

// sends reports whether an attempt is under way, as far as anybody has said.
func (c Call) sends(attempt int) bool { return c.State == Sending && c.Attempt == attempt }

// to moves the call to a state and drops what only the old state needed.
func (c Call) to(s CallState, why Why, now time.Time) Call {
	c.State, c.Why, c.Since = s, why, now
	c.Hold, c.Expected, c.Foretold = time.Time{}, time.Time{}, time.Time{}
	c.Blind, c.BlindAt = Why{}, time.Time{}
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
