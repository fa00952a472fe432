package approvals

import "time"

// Alarm is something that a channel is told apart from any card: it is kept in Redis, written
// with the change that it tells of, until the chat has taken it.
type Alarm struct {
	ID      string    `json:"id"` // of its own; two alarms are never the same
	Kind    AlarmKind `json:"kind"`
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
	By      Person    `json:"by,omitzero"`
	Request string    `json:"request,omitempty"` // which it is about
	Text    string    `json:"text,omitempty"`    // what the person wrote
	Lines   []string  `json:"lines,omitempty"`   // what changed, or a seal, line by line
}

// AlarmKind is what an alarm tells of.
type AlarmKind string

// The kinds of alarms.
const (
	AlarmFreeze AlarmKind = "freeze" // no call leaves any more
	AlarmThaw   AlarmKind = "thaw"   // a freeze was lifted
	AlarmRules  AlarmKind = "rules"  // the rules changed
	AlarmSeal   AlarmKind = "seal"   // the seal of a day
	AlarmForce  AlarmKind = "force"  // somebody acted alone
)
