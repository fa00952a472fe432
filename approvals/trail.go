package approvals

import "cmp"

// Line is what there is to write down of a change.
type Line struct {
	Event    string // "approve", "send", ...
	Call     *int   // which call, if it was about one
	Device   string // the id of the call's device
	By       Person // if a person did it
	From, To string // the states before and after, of the call if there is one
	Detail   string // what it was about: devices, reason, job id
	Job      string // Defender's id of what the call has started
	Target   string // Defender's correlation id of what it refused with this
	Typed    string // what a person wrote; it belongs in the audit trail and in no log
}

// Whole is the detail with what a person wrote, as the audit trail has it.
func (l Line) Whole() string {
	if l.Detail == "" || l.Typed == "" {
		return l.Detail + l.Typed
	}
	return l.Detail + ": " + l.Typed
}

// Describe is the line of e, which has made after of before, and whether it is
// worth keeping.
func Describe(before, after Request, e Event) (line Line, kept bool) {
	line = Line{Event: e.name(), From: string(before.State), To: cmp.Or(string(after.State), "forgotten")}
	line.By, line.Detail = e.line()
	if w, is := e.(wordy); is {
		line.Typed = w.typed()
	}
	if of, is := e.(ofCall); is {
		i := of.call()
		line.Call, line.Device = &i, after.Devices[i].ID
		line.From, line.To, line.Job = string(before.Calls[i].State), string(after.Calls[i].State), after.Calls[i].Job.ID
		line.Target = news(before.Calls[i].targets(), after.Calls[i].targets())
	} else {
		line.Target = news([]string{before.Ended.Why.target()}, []string{after.Ended.Why.target()})
	}
	_, kept = touches(e)
	return line, kept
}

// targets are Defender's correlation ids in a call, by what it refused.
func (c Call) targets() []string {
	return []string{c.Why.target(), c.Blind.target(), c.Stop.Why.target()}
}

// news is what was not there before; Defender gives no id twice.
func news(before, after []string) string {
	for i, id := range after {
		if id != before[i] && id != "" {
			return id
		}
	}
	return ""
}

// About is what an event of a call was about, in one line.
func About(e CallEvent) string { return e.about() }

// EventName is how the audit trail, the metrics and the logs call an event.
func EventName(e interface{ name() string }) string { return e.name() }
