package approvals

import (
	"time"
)

// Event is something that happens to a request. The set is closed: each event
// owns its name, its transition and its line in the audit trail.
type Event interface {
	// name is how the audit trail, the metrics and the logs call it. It is part of
	// the outside contract.
	name() string
	// apply is what it makes of r at now, or a *Refusal. It may change r, which is a copy.
	apply(r Request, now time.Time) (Request, error)
	// line is who did it, if a person did, and what it was about, without what they
	// wrote: see wordy.
	line() (by Person, detail string)
}

// CallEvent is something that happens to one call. The set is closed.
type CallEvent interface {
	// name is as for [Event].
	name() string
	// applyTo is what it makes of c at now, and whether it fits c as it is.
	applyTo(c Call, now time.Time) (Call, bool)
	// about is what it was about, in one line.
	about() string
}

// quiet is an event that does not change what the card looks like, or that is
// not worth a line in the audit trail. Every other one does and is.
type quiet interface {
	touches() (face, trail bool)
}

// wordy is an event with something that a person wrote.
type wordy interface{ typed() string }

// ofCall is an event that is about one call.
type ofCall interface{ call() int }

// touches reports whether an event changes what the card looks like, and whether
// it is written down in the audit trail.
func touches(e any) (face, trail bool) {
	if q, ok := e.(quiet); ok {
		return q.touches()
	}
	return true, true
}

// On hands an event to one call.
type On struct {
	Call  int
	Event CallEvent
}

func (o On) name() string                     { return o.Event.name() }
func (o On) call() int                        { return o.Call }
func (o On) line() (by Person, detail string) { return Person{}, o.Event.about() }
func (o On) touches() (face, trail bool)      { return touches(o.Event) }

func (o On) apply(r Request, now time.Time) (Request, error) {
	if r.State != Approved || o.Call < 0 || o.Call >= len(r.Calls) {
		return r, Refuse(DoesNotFit, "no such call to act on")
	}
	after, err := nextCall(r.Calls[o.Call], o.Event, now)
	if err != nil {
		return r, err
	}
	r.Calls[o.Call] = after
	return settle(r, now), nil
}
