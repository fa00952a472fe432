package defender

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Cause says what is known about a request that did not end well.
type Cause string

const (
	// OutcomeUnknown is the zero value: nobody can say whether it happened. Every 5xx,
	// timeout and cut connection is this, and so is any error that is not an [Error].
	OutcomeUnknown Cause = ""
	// NotSent is proof that no byte of the request left: no token, no connection, or
	// [Order.NotAfter] had passed.
	NotSent Cause = "not sent"
	// Throttled was refused for now; [Error.RetryAfter] says for how long.
	Throttled Cause = "throttled"
	// Unauthenticated means that the token was refused. It has been discarded, so that the
	// next request is made with a fresh one.
	Unauthenticated Cause = "unauthenticated"
	// AlreadyRunning means that the same action runs on the device already.
	AlreadyRunning Cause = "already running"
	// NoSuchDevice means that Defender does not know the device.
	NoSuchDevice Cause = "no such device"
	// UnsupportedOS means that the device's operating system or sensor is not supported.
	UnsupportedOS Cause = "unsupported operating system"
	// MissingRole means that the application lacks a role; [Error.Role] names it.
	MissingRole Cause = "missing role"
	// Licence means that the tenant has no licence for it, or has the feature switched off.
	Licence Cause = "licence"
	// Disallowed means that Defender's own policy forbids it.
	Disallowed Cause = "disallowed"
	// Refused is any other 4xx, and 501: answered, and nothing was started.
	Refused Cause = "refused"
	// BadAnswer was answered with something that cannot be read or believed, redirects
	// included. After a POST the action may be running.
	BadAnswer Cause = "bad answer"
	// NotFound means that there is no machine action or investigation with that id, or
	// not yet: a fresh one can be invisible for two minutes.
	NotFound Cause = "not found"
)

// definite reports whether a cause is a no to what was asked, rather than for now.
func (c Cause) definite() bool {
	switch c {
	case AlreadyRunning, NoSuchDevice, UnsupportedOS, MissingRole, Licence, Disallowed, Refused, NotFound:
		return true
	case OutcomeUnknown, NotSent, Throttled, Unauthenticated, BadAnswer:
	}
	return false
}

// Error is what every function of [Client] returns when it fails.
type Error struct {
	// Op says what was tried: "start investigate", "read device".
	Op string
	// Cause is what the caller decides by.
	Cause Cause
	// Status is the HTTP status; 0 if there was no answer.
	Status int
	// Code and Message are Defender's. Message is free text, at most 500 bytes, without
	// secrets.
	Code, Message string
	// Target is Defender's correlation id; Microsoft's support asks for it.
	Target string
	// Role names what [MissingRole] lacks; several are separated by ", " and any one of
	// them is enough.
	Role string
	// RetryAfter is how long to wait before the next request to the same endpoint, from 1 s
	// to 1 h; 0 where the answer did not say.
	RetryAfter time.Duration
	// Err is what happened underneath; it may be nil.
	Err error
}

// Error says all of it in one line, without a token, a secret or a query string.
func (e *Error) Error() string {
	parts := []string{"defender: " + e.Op + ": " + cmp.Or(string(e.Cause), "outcome unknown")}
	if e.Status != 0 {
		parts = append(parts, strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.Status, e.Code)))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.Target != "" {
		parts = append(parts, "target "+e.Target)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns what happened underneath.
func (e *Error) Unwrap() error { return e.Err }

// Says is what Defender said, or what kept it from being asked, in a few words for people.
// It may be empty.
func (e *Error) Says() string {
	switch {
	case e.Message != "":
		return e.Message
	case e.Status != 0:
		return strings.TrimSpace(fmt.Sprintf("HTTP %d %s", e.Status, e.Code)) + leads(e.Err)
	}
	return trouble(e.Err)
}

// CauseOf returns the cause of the first [Error] in err's chain. Any other error, nil
// too, is [OutcomeUnknown].
func CauseOf(err error) Cause {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Cause
	}
	return OutcomeUnknown
}
