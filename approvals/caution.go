package approvals

import "time"

// Caution is something that speaks against an action on a device, found out when the device
// was looked up, for those who approve it. What is wrong with the device itself stands in
// its other fields.
type Caution struct {
	Kind CautionKind `json:"kind"`

	Action  string    `json:"action,omitempty"`  // busy: what runs there, a row of the catalogue or Defender's word for it
	Request string    `json:"request,omitempty"` // asked: which request; busy: the one that runs it, if it is one
	By      Person    `json:"by,omitzero"`       // who asked for that request
	Starter string    `json:"starter,omitempty"` // busy: who started what is no request's, as Defender says
	At      time.Time `json:"at,omitzero"`       // busy: since when; asked: when
	State   State     `json:"state,omitempty"`   // asked: how the request stood
	Call    CallState `json:"call,omitempty"`    // asked: how its call on the device stood, if it had one
	Channel string    `json:"channel,omitempty"` // asked: where its card is
	TS      string    `json:"ts,omitempty"`      // asked: and which message that is
	Why     Why       `json:"why,omitzero"`      // unchecked: why
}

// CautionKind is what a caution is about. The set is closed.
type CautionKind string

// The kinds of cautions.
const (
	CautionOS        CautionKind = "os"        // the action is not known to work on its operating system
	CautionBusy      CautionKind = "busy"      // something runs on it beside which the action cannot run
	CautionUnchecked CautionKind = "unchecked" // nobody could find out whether something does
	CautionAsked     CautionKind = "asked"     // the same was asked for it not long ago
)

// AskedLately is for how long what was asked for a device is told to those who approve the
// same again.
const AskedLately = 24 * time.Hour

// AskedBefore is the caution that old asked for the same action on a device.
func AskedBefore(old Request, device string) Caution {
	c := Caution{
		Kind: CautionAsked, Request: old.ID, By: old.By, At: old.Asked, State: old.State,
		Channel: old.Place.Channel, TS: old.Card.TS,
	}
	for i, d := range old.Devices {
		if d.ID == device && i < len(old.Calls) {
			c.Call = old.Calls[i].State
		}
	}
	return c
}
