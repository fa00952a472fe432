package approvals

import (
	"fmt"
	"strings"

	"defenderbot/internal/audit"
)

// eventName is how the audit trail and the logs call an event: its type in
// lower case, of the call's event if it is about a call.
func eventName(e any) string {
	if o, ok := e.(On); ok {
		return eventName(o.Event)
	}
	name := fmt.Sprintf("%T", e)
	return strings.ToLower(name[strings.LastIndex(name, ".")+1:])
}

// worthAuditing leaves out what the bot does to its own card: it changes
// nothing about the request.
func worthAuditing(e Event) bool {
	switch e := e.(type) {
	case Show, Lose, Redraw:
		return false
	case On:
		_, foretold := e.Event.(Expect)
		return !foretold
	case Ask, Resolve, Reject, Approve, Deny, Cancel, Expire, Remind, Forget, Retry:
	}
	return true
}

// actor is the person who did e, if a person did.
func actor(e Event) string {
	switch e := e.(type) {
	case Ask:
		return e.Request.By.ID
	case Approve:
		return e.By.ID
	case Deny:
		return e.By.ID
	case Cancel:
		return e.By.ID
	case Resolve, Reject, Expire, Remind, Show, Lose, Redraw, Forget, Retry, On:
	}
	return ""
}

// detail is what e was about, in one line.
func detail(e Event) string {
	switch e := e.(type) {
	case Ask:
		return e.Request.Action + " in " + e.Request.Place.Channel + ": " + e.Request.Comment
	case Resolve:
		return strings.Join(Request{Devices: e.Devices}.deviceIDs(), ",")
	case Reject:
		return e.Why.brief()
	case Approve:
		return e.Digest
	case Deny:
		return e.Text
	case Retry:
		return e.As
	case On:
		return callDetail(e.Event)
	case Cancel, Expire, Remind, Show, Lose, Redraw, Forget:
	}
	return ""
}

func callDetail(e CallEvent) string {
	switch e := e.(type) {
	case Accept:
		return e.Job.ID
	case Adopt:
		return e.Job.ID + " " + e.Job.Status
	case Report:
		return e.Job.ID + " " + e.Job.Status
	case Requeue:
		return e.Why.brief()
	case Fail:
		return e.Why.brief()
	case Doubt:
		return e.Why.brief()
	case GiveUp:
		return e.Why.brief()
	case Lapse:
		return e.Why.brief()
	case Wait:
		return e.Why.brief()
	case Send, Miss, Expect, Stop:
	}
	return ""
}

// brief is a reason for the audit trail: the code, what it is about, and
// Defender's correlation id.
func (w Why) brief() string {
	return strings.TrimSpace(strings.Join([]string{string(w.Reason), w.Detail, w.Target}, " "))
}

// Describe says in the words of the audit trail what a change was.
func Describe(before, after Request, e Event) audit.Entry {
	entry := audit.Entry{
		Request: after.ID, Version: before.Version + 1, Event: eventName(e),
		By: actor(e), From: string(before.State), To: string(after.State), Detail: detail(e),
	}
	if o, ok := e.(On); ok {
		entry.Call = &o.Call
		entry.From, entry.To = string(before.Calls[o.Call].State), string(after.Calls[o.Call].State)
	}
	if _, forgotten := e.(Forget); forgotten {
		entry.To = "forgotten"
	}
	return entry
}
