package approvals

import "time"

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
	EndedAt  time.Time `json:"ended_at,omitzero"`  //
	By       Person    `json:"by,omitzero"`        // who cancelled it
}

// Job is the machine action or investigation in Defender that a call stands for.
type Job struct {
	ID      string    `json:"id"`
	Alert   string    `json:"alert,omitempty"`  // the other id of an investigation, if it has one
	Status  string    `json:"status,omitempty"` // Microsoft's word, as it came
	Details string    `json:"details,omitempty"`
	Slow    bool      `json:"slow,omitempty"`    // it has been running for long
	Adopted bool      `json:"adopted,omitempty"` // found there; this call did not start it, or it is not known that it did
	By      string    `json:"by,omitempty"`      // who started an adopted job, as far as Defender says
	Created time.Time `json:"created,omitzero"`
}

// waiting says that the call stands in the queue of its window. A held call
// does not; it comes back to its old place when its hold is lifted.
func (c Call) waiting() bool {
	return c.State == Queued && c.Hold.IsZero()
}
