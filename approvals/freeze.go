package approvals

import (
	"errors"
	"slices"
	"time"
)

// Freeze is an order of an approver that no call leaves, in force until a request to lift
// it is approved. It is kept in Redis, where the commit of every call looks for it.
type Freeze struct {
	ID    string    `json:"id"` // "F-" and six characters, like that of a request; empty: there is none
	By    Person    `json:"by"`
	At    time.Time `json:"at"`
	Text  string    `json:"text"` // the reason, as typed
	Place Place     `json:"place"`
}

// Is reports whether there is a freeze.
func (f Freeze) Is() bool { return f.ID != "" }

// Unfreezes reports whether r asks for a freeze to be lifted: that in [Request.Frozen]. It has
// no devices and makes no call; with its last approval the freeze is lifted, and it is done.
func (r Request) Unfreezes() bool { return r.Action == Unfreeze }

// Freezable reports whether a freeze in force is written into r, so that its card says so: it
// waits for a decision, or something of it waits to be sent.
func (r Request) Freezable() bool {
	switch {
	case r.Unfreezes():
		return false
	case r.State == Approved:
		return slices.ContainsFunc(r.Calls, func(c Call) bool { return c.State == Queued })
	}
	return r.State == Checking || r.State == Pending
}

// HeldBy is the freeze that keeps r from being sent, as far as its card says; there may be none.
func (r Request) HeldBy() Freeze {
	if !r.Freezable() {
		return Freeze{}
	}
	return r.Frozen
}

// Under is the event that writes into r which freeze is in force, if it says something else.
func (r Request) Under(f Freeze) (Event, bool) {
	switch {
	case !r.Freezable() || r.Frozen.ID == f.ID:
		return nil, false
	case f.Is():
		return Froze{f}, true
	}
	return Thawed{}, true
}

// aboutFreeze is what the events about the freeze in force have in common: the card says it,
// and nothing about the request itself has changed. The freeze has its own entry in the trail.
type aboutFreeze struct{}

func (aboutFreeze) line() (by Person, detail string) { return Person{}, "" }
func (aboutFreeze) touches() (face, trail bool)      { return true, false }

// Froze records that nothing of a request leaves now, because of Freeze.
type Froze struct{ Freeze Freeze }

func (Froze) name() string                                    { return "frozen" }
func (e Froze) line() (by Person, detail string)              { return Person{}, e.Freeze.ID }
func (Froze) touches() (face, trail bool)                     { return aboutFreeze{}.touches() }
func (e Froze) apply(r Request, _ time.Time) (Request, error) { return r.under(e.Freeze) }

// Thawed records that the freeze of a request was lifted.
type Thawed struct{ aboutFreeze }

func (Thawed) name() string                                  { return "thawed" }
func (Thawed) apply(r Request, _ time.Time) (Request, error) { return r.under(Freeze{}) }

func (r Request) under(f Freeze) (Request, error) {
	if _, news := r.Under(f); !news {
		return r, Refuse(DoesNotFit, "the card says so already, or says nothing of freezes")
	}
	r.Frozen = f
	return r, nil
}

// validateFreeze wants of a request to lift a freeze what its approval builds on.
func (r Request) validateFreeze() error {
	if r.Unfreezes() && (!r.Frozen.Is() || len(r.Devices) > 0 || r.State == Approved) {
		return errors.New("what it lifts is not there")
	}
	return nil
}
