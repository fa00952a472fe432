package approvals

import "time"

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
