package commands

import "strings"

// Command is one thing that a person can ask for: Ask, Force, Form, Off, Status, List, Limits,
// Cancel, History, Report, Freeze, Unfreeze or Help.
//
//sumtype:decl
type Command interface{ command() }

// Ask asks for an action on devices.
type Ask struct {
	Action  string   // the Name of one of the grammar's actions
	Devices []Device // at least one, no two alike, in the order they were typed
	Comment string   // 1 to MaxComment characters, cleaned
}

// Typed is how it is typed behind the slash command.
func (a Ask) Typed() string { return a.Action + " " + list(a.Devices) + " " + a.Comment }

// Sent is how Slack sends it when it is typed: Parse makes the same of it again.
func (a Ask) Sent() string { return a.Action + " " + list(a.Devices) + " " + escape.Replace(a.Comment) }

// escape is what Slack does to a text.
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func list(devices []Device) string {
	texts := make([]string, len(devices))
	for i, d := range devices {
		texts[i] = d.String()
	}
	return strings.Join(texts, ",")
}

// Form asks for the form: nothing was typed.
type Form struct{}

// Off asks for an action that is switched off, on whatever.
type Off struct {
	Action string // the Name of one of the grammar's actions
}

// Device names a device in the only two ways that are accepted. Exactly one
// field is set.
type Device struct {
	ID   string // 40 or 32 hex digits, lower case
	Name string // host name, lower case, without a dot at the end
}

// String gives the id or the name, whichever the device has.
func (d Device) String() string {
	if d.ID != "" {
		return d.ID
	}
	return d.Name
}

// Status asks how one request stands, or how those of the person do.
type Status struct {
	Request string // canonical: D- and six characters, as in D-7K3F9Q; empty: the person's own
	Public  bool   // everybody in the channel is to see the answer
}

// Cancel withdraws one request.
type Cancel struct {
	Request string // canonical: D- and six characters, as in D-7K3F9Q
}

// List asks for the requests that are open.
type List struct {
	Public bool // everybody in the channel is to see the answer
}

// Limits asks what Microsoft's windows have left.
type Limits struct {
	Public bool // everybody in the channel is to see the answer
}

// History asks what was asked for a device.
type History struct {
	Device Device
	Public bool // everybody in the channel is to see the answer
}

// Report asks for a summary of what was asked and decided.
type Report struct {
	Days   int  // how far back it goes: 1 to MaxReport
	Public bool // everybody in the channel is to see the answer
}

// Freeze orders that no call leaves any more.
type Freeze struct {
	Reason string // 1 to MaxComment characters, cleaned
}

// Unfreeze asks for a freeze to be lifted.
type Unfreeze struct {
	Reason string // 1 to MaxComment characters, cleaned
}

// Help asks for the grammar.
type Help struct{}

func (Ask) command()      {}
func (Form) command()     {}
func (Off) command()      {}
func (Status) command()   {}
func (Cancel) command()   {}
func (List) command()     {}
func (Limits) command()   {}
func (History) command()  {}
func (Report) command()   {}
func (Freeze) command()   {}
func (Unfreeze) command() {}
func (Help) command()     {}
