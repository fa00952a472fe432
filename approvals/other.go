package approvals

import "time"

// Other is the request because of which another one is refused, as it stood then.
type Other struct {
	Request string    `json:"request"`
	Action  string    `json:"action"`
	By      Person    `json:"by"`
	At      time.Time `json:"at"` // when it was asked for
	Channel string    `json:"channel"`
	TS      string    `json:"ts,omitempty"` // its card; empty: it had none yet
	State   State     `json:"state"`
	Call    CallState `json:"call,omitempty"`    // of its call on the device that both are about, if it had one
	Outcome Outcome   `json:"outcome,omitempty"` // where it was done
}

// OtherOf is what is told of r where it keeps another request from being made, for a
// device or for all of its own (empty).
func OtherOf(r Request, device string) *Other {
	o := Other{
		Request: r.ID, Action: r.Action, By: r.By, At: r.Asked, Channel: r.Place.Channel, TS: r.Card.TS, State: r.State,
	}
	for i, d := range r.Devices {
		if i < len(r.Calls) && (d.ID == device || len(r.Devices) == 1) {
			o.Call = r.Calls[i].State
		}
	}
	if r.State == Done {
		o.Outcome = r.Outcome()
	}
	return &o
}
