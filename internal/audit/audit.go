// Package audit is the record of who did what: one entry for each change of a
// request, written in the same step as the change itself.
package audit

import "time"

// Entry is one change of one request.
type Entry struct {
	At      time.Time `json:"at"`               // as the writer saw Redis's clock
	Request string    `json:"id"`               //
	Version int64     `json:"v"`                // of the record after the change
	Event   string    `json:"event"`            // "approve", "send", ...
	Call    *int      `json:"call,omitempty"`   // which call, if one
	By      string    `json:"by,omitempty"`     // Slack user id, if a person did it
	From    string    `json:"from,omitempty"`   // the state before, of the call if there is one
	To      string    `json:"to"`               // the state after
	Detail  string    `json:"detail,omitempty"` // what it was about: devices, reason, job id
}
