// Package audit is the record of who did what: one entry for each change, written in the
// same step as the change itself, and for what changed nothing and has to be known.
package audit

import "time"

// Entry is one thing that happened. Its names, and those of events, are part of the outside
// contract: they are added to and never change their meaning.
type Entry struct {
	At      time.Time `json:"at"`                // as the writer saw Redis's clock
	Event   string    `json:"event"`             // "approve", "send", "freeze", "refused", ...
	Request string    `json:"id,omitempty"`      // which one, if one
	Version int64     `json:"v,omitempty"`       // of its record after the change
	Action  string    `json:"action,omitempty"`  // what it asks for
	Call    *int      `json:"call,omitempty"`    // which of its calls, if one
	Device  string    `json:"device,omitempty"`  // the id of that call's device
	By      string    `json:"by,omitempty"`      // Slack user id, if a person did it
	Grid    string    `json:"grid,omitempty"`    // the person's id in the organisation, if there is one
	Name    string    `json:"name,omitempty"`    // as it was then; for reading only
	Team    string    `json:"team,omitempty"`    // where it was done, or where the request was made
	Channel string    `json:"channel,omitempty"` //
	From    string    `json:"from,omitempty"`    // the state before, of the call if there is one
	To      string    `json:"to,omitempty"`      // the state after
	Job     string    `json:"job,omitempty"`     // Defender's id of what it started
	Target  string    `json:"target,omitempty"`  // Defender's correlation id of what it refused
	Detail  string    `json:"detail,omitempty"`  // what it was about: devices, reason
	What    string    `json:"what,omitempty"`    // the command, button or form that was refused
	Reason  string    `json:"reason,omitempty"`  // why it was, in our own word for it
	Count   int       `json:"count,omitempty"`   // how often, where several are one entry
}
