package approvals

// Line is what the audit trail says of a change.
type Line struct {
	Event    string // "approve", "send", ...
	Call     *int   // which call, if it was about one
	By       string // Slack user id, if a person did it
	From, To string // the states before and after, of the call if there is one
	Detail   string // what it was about: devices, reason, job id
}

// Describe is the line of e, which has made after of before, and whether it is
// worth keeping.
func Describe(before, after Request, e Event) (line Line, kept bool) {
	line = Line{Event: e.name(), From: string(before.State), To: string(after.State)}
	line.By, line.Detail = e.line()
	switch e := e.(type) {
	case On:
		line.Call = &e.Call
		line.From, line.To = string(before.Calls[e.Call].State), string(after.Calls[e.Call].State)
	case Forget:
		line.To = "forgotten"
	}
	_, kept = touches(e)
	return line, kept
}

// EventName is how the audit trail, the metrics and the logs call an event.
func EventName(e interface{ name() string }) string { return e.name() }
