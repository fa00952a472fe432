package bot

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// call says where a call is, in sentences.
func (v Views) call(r approvals.Request, c approvals.Call, d detail) []span {
	spans := []span{words(callWord(c))}
	story := v.story(r, c)
	switch d {
	case full:
		spans = append(spans, moment(r, c)...)
	case brief:
		story = story[:min(1, len(story))]
		if unfollowed(c) {
			story = []string{"⚠️ Not followed: " + sentence(c.Blind)}
		}
	case bare:
		return spans
	}
	spans = append(spans, words("."))
	for _, says := range story {
		if d == brief {
			says = cut(says, 90)
		}
		spans = append(spans, words(" "+says))
	}
	return slices.Concat(spans, stopping(r, c, d), blind(c, d), v.references(r, c, d))
}

// unfollowed reports whether Defender cannot be asked about a call. A version that does
// not know that leaves it in the record of a call that it sees to its end.
func unfollowed(c approvals.Call) bool {
	return c.Blind.Reason != "" && (c.State == approvals.Uncertain || c.State == approvals.Running)
}

// blind says that Defender cannot be asked about a call, and why.
func blind(c approvals.Call, d detail) []span {
	if !unfollowed(c) || d != full {
		return nil
	}
	return []span{words(" ⚠️ I have not been able to follow it since "), when(c.BlindAt), words(". " + sentence(c.Blind) + " I keep trying.")}
}

// callWords are the states of a call in a word or two.
func callWords() map[approvals.CallState]string {
	return map[approvals.CallState]string{
		approvals.Queued:        "⏳ waiting for its turn",
		approvals.Sending:       "▶️ being sent to Defender",
		approvals.Running:       "▶️ running in Defender",
		approvals.Uncertain:     "❓ outcome not yet known",
		approvals.Succeeded:     "✅ succeeded",
		approvals.Failed:        "❌ failed",
		approvals.CallCancelled: "⚪ cancelled",
		approvals.Lapsed:        "⌛ not sent",
		approvals.Unknown:       "❓ outcome unknown",
	}
}

// callWord is the state of a call in a word or two. One that lapsed may have been sent,
// and refused, before.
func callWord(c approvals.Call) string {
	if refusedUntilLapsed(c) {
		return "⌛ not started"
	}
	return callWords()[c.State]
}

// refusedUntilLapsed reports whether a call lapsed after Defender had refused it for
// the time being.
func refusedUntilLapsed(c approvals.Call) bool {
	if c.State != approvals.Lapsed || c.Why.Cause == nil {
		return false
	}
	return c.Why.Cause.Reason == approvals.Throttled || c.Why.Cause.Reason == approvals.TokenRefused
}

// moment is the time, and the person, that belong to the state of a call.
func moment(r approvals.Request, c approvals.Call) []span {
	switch c.State {
	case approvals.Queued:
		switch at := nextTry(c); {
		case !at.IsZero() && !at.Before(r.Lapses()):
			return []span{words(". Its turn would come "), when(at), words(", but the approval runs out first, "), when(r.Lapses())}
		case at.IsZero():
			return []span{words("; the approval runs out "), when(r.Lapses())}
		case at.Equal(c.Expected):
			return []span{words(". Expected to be sent "), when(at), words("; the approval runs out "), when(r.Lapses())}
		default:
			return []span{words(". Next try "), when(at), words("; the approval runs out "), when(r.Lapses())}
		}
	case approvals.Running:
		return []span{words(" since "), when(c.Started)}
	case approvals.CallCancelled:
		if c.By.ID != "" {
			return []span{words(" by "), mention(c.By.ID), words(", "), when(c.EndedAt), words(", before it was sent")}
		}
		where := ", "
		if c.Stop.State != approvals.NotStopped {
			where = " in Defender, "
		}
		return append([]span{words(where), when(c.EndedAt)}, stoppedBy(r, c)...)
	case approvals.Succeeded, approvals.Failed, approvals.Lapsed, approvals.Unknown:
		return append([]span{words(", "), when(c.EndedAt)}, stoppedBy(r, c)...)
	case approvals.Sending, approvals.Uncertain:
	}
	return nil
}

// nextTry is when a call that waits may go: as foretold, or when what holds it
// is over.
func nextTry(c approvals.Call) time.Time {
	for _, at := range []time.Time{c.Expected, c.Hold, c.Why.Until} {
		if !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// story is why a call is where it is, and what Defender says about it, in
// sentences.
func (v Views) story(r approvals.Request, c approvals.Call) []string {
	var list []string
	ended := v.action(r).Ended
	switch {
	case c.Why.Reason == "", c.Why.Reason == approvals.Ran:
	case c.ActionEnded() && ended != nil:
		list = v.ended(r, c, *ended)
	default:
		list = append(list, sentence(c.Why))
	}
	if c.State == approvals.Uncertain {
		list = append(list, "I am checking in Defender whether it started; it will not be sent twice.")
	}
	if c.Job.ID == "" {
		return list
	}
	return append(list, v.ofJob(r, c)...)
}

// ofJob is what Defender says about the job of a call.
func (v Views) ofJob(r approvals.Request, c approvals.Call) []string {
	var list []string
	if c.Job.Adopted {
		list = append(list, adopted(c.Job))
	}
	if c.State == approvals.CallCancelled && r.OwnsStop(c.Job.Details) {
		return list // who wanted that is said already, and better than by Defender
	}
	says := status(v.action(r), c)
	if c.Job.Details != "" {
		says = strings.TrimSuffix(says, ".") + ": " + stop(cut(c.Job.Details, 200))
	}
	if c.State == approvals.Unknown || unfollowed(c) {
		says = "Defender last said: " + says
	}
	return append(list, cut(says, 300))
}

// status says how the job of a call stands. Of one that has succeeded the row says what
// that means; Defender's own word for it is only that it has.
func status(a defender.Action, c approvals.Call) string {
	if a.Success != "" && defender.PhaseOf(a.Tracks, c.Job.Status) == defender.PhaseSucceeded {
		return a.Success
	}
	return defender.Explain(a.Tracks, c.Job.Status)
}

// adopted says whose job a call stands for that did not start it itself.
func adopted(j approvals.Job) string {
	since := ""
	if !j.Created.IsZero() {
		since = " since " + inUTC(j.Created)
	}
	if j.By == "" {
		return "It has been running there" + since + "; who started it is unknown."
	}
	return stop("It had already been running" + since + ", started by " + cut(fact(j.By), 60))
}

// references are what can be looked up: the job in Defender, the approver whom a
// reason is about, and the id of an error, for Microsoft's support.
func (v Views) references(r approvals.Request, c approvals.Call, d detail) []span {
	var spans []span
	if c.Job.ID != "" {
		spans = append(spans, words(" Defender id "), v.job(r, c.Job.ID, d))
	}
	if d != full {
		return spans
	}
	switch c.Why.Reason { //nolint:exhaustive // the reasons that are about a person
	case approvals.ApproverGone, approvals.ApproverUnchecked:
		spans = append(spans, words(" Approver "), mention(c.Why.Detail))
	case approvals.RequesterGone, approvals.RequesterUnchecked:
		spans = append(spans, words(" Requester "), mention(r.By.ID))
	}
	return append(spans, correlation(c.Why)...)
}

func (v Views) job(r approvals.Request, id string, d detail) span {
	switch {
	case d != full:
		return words(cut(id, 64))
	case v.Investigation != "" && v.action(r).Tracks == defender.TrackInvestigations:
		return link(strings.ReplaceAll(v.Investigation, "{id}", url.PathEscape(id)), id)
	}
	return code(cut(id, 64))
}
