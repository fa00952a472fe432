package bot

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// callWords are the states of a call in a word or two.
func callWords() map[approvals.CallState]string {
	return map[approvals.CallState]string{
		approvals.Queued:        "⏳ Approved, waiting for its turn",
		approvals.Sending:       "⏳ Being sent to Defender",
		approvals.Running:       "▶️ Running",
		approvals.Uncertain:     "❓ Not certain",
		approvals.Succeeded:     "✅ Succeeded",
		approvals.Failed:        "❌ Failed",
		approvals.CallCancelled: "⚪ Cancelled",
		approvals.Lapsed:        "🕓 Not sent",
		approvals.Unknown:       "❓ Outcome unknown",
	}
}

// What is said in place of a state where more is known.
const (
	sentWord       = "⏳ Sent to Defender"
	pausedWord     = "🟡 Paused in Defender"
	stoppingWord   = "⏳ Stopping"
	notStartedWord = "🕓 Not started"
)

// callWord is where a call is, in a word or two. What Defender has taken is not running
// before somebody has begun with it, and one that lapsed may have been sent, and refused,
// before.
func callWord(c approvals.Call) string {
	switch {
	case refusedUntilLapsed(c):
		return notStartedWord
	case c.State != approvals.Running:
		return callWords()[c.State]
	case stopsSoon(c):
		return stoppingWord
	}
	switch defender.StageOf(c.Job.Status) {
	case defender.StageWaiting:
		return sentWord
	case defender.StagePaused:
		return pausedWord
	case defender.StageWorking:
	}
	return callWords()[c.State]
}

// stopsSoon reports whether a running call is about to stop, as far as anybody has said.
func stopsSoon(c approvals.Call) bool {
	return slices.Contains([]approvals.StopState{approvals.StopAsked, approvals.StopSending, approvals.StopTaken}, c.Stop.State)
}

// refusedUntilLapsed reports whether a call lapsed after Defender had refused it for
// the time being.
func refusedUntilLapsed(c approvals.Call) bool {
	if c.State != approvals.Lapsed || c.Why.Cause == nil {
		return false
	}
	return c.Why.Cause.Reason == approvals.Throttled || c.Why.Cause.Reason == approvals.TokenRefused
}

// unfollowed reports whether Defender cannot be asked about a call. A version that does
// not know that leaves it in the record of a call that it sees to its end.
func unfollowed(c approvals.Call) bool {
	return c.Blind.Reason != "" && (c.State == approvals.Uncertain || c.State == approvals.Running)
}

// ofCall is where the one call of a request is.
func (v Views) ofCall(r approvals.Request, c approvals.Call, dev approvals.Device) telling {
	s := telling{word: callWord(c), rest: append(moment(c), words("."))}
	if says := v.reason(r, c); says != "" {
		s.rest = append(s.rest, words(" "+says))
	}
	if named := aboutPerson(r, c); named != nil {
		s.rest = append([]span{words(". ")}, named...)
	}
	s.rest = append(s.rest, adopted(c)...)
	switch c.State {
	case approvals.Queued:
		s.rest = append(append(s.rest, turn(r, c)...), runsOut(r, c)...)
	case approvals.Uncertain:
		s.rest = append(s.rest, searched(c)...)
	case approvals.Running:
		s.rest = append(s.rest, slow(r, c, dev)...)
	case approvals.Succeeded, approvals.Failed, approvals.Lapsed, approvals.Unknown, approvals.CallCancelled:
		s.rest = append(s.rest, stoppedBy(r, c)...)
	case approvals.Sending:
	}
	if v.linksTo(r) {
		s.rest = append(s.rest, words(" "), v.investigation(c))
	}
	s.more = append(notStopped(c), blind(c)...)
	return s
}

// searchedUntil is until when an uncertain call is looked for. While Defender cannot be asked,
// nobody knows; zero.
func searchedUntil(c approvals.Call) time.Time {
	if c.State != approvals.Uncertain || c.NotAfter.IsZero() || unfollowed(c) {
		return time.Time{}
	}
	return c.SearchedUntil()
}

// searched says of an uncertain call what is done about it, until when, and that nobody has to act.
func searched(c approvals.Call) []span {
	spans := []span{words(" Checking whether it started")}
	if until := searchedUntil(c); !until.IsZero() {
		spans = append(spans, words(", until "), when(until))
	}
	return append(spans, words(". It will not be sent twice. Nothing to do."))
}

// moment is the time, and the person, that belong to the state of a call.
func moment(c approvals.Call) []span {
	switch c.State {
	case approvals.Running:
		switch callWord(c) {
		case stoppingWord:
			return stopStands(c.Stop)
		case sentWord:
			return []span{words(", "), when(c.Started)}
		case pausedWord:
			return []span{words(", sent "), when(c.Started)}
		}
		if c.Job.Adopted && !c.Job.Created.IsZero() {
			return []span{words(" since "), when(c.Job.Created)}
		}
		return []span{words(" since "), when(c.Started)}
	case approvals.CallCancelled:
		return cancelled(c)
	case approvals.Queued, approvals.Sending, approvals.Uncertain, approvals.Succeeded, approvals.Failed, approvals.Lapsed, approvals.Unknown:
	}
	return nil
}

// turn is when a call that waits may go: when it is expected to, or when it is tried next.
func turn(r approvals.Request, c approvals.Call) []span {
	switch at := nextTry(c); {
	case at.IsZero(), r.HeldBy().Is():
		return nil
	case !at.Before(r.Lapses()):
		return []span{words(" Its turn would come "), when(at), words(", but " + lapsesFirst(r)), when(r.Lapses()), words(".")}
	case at.Equal(c.Expected):
		return []span{words(" Expected to be sent "), when(at), words(".")}
	default:
		return []span{words(" Next try "), when(at), words(".")}
	}
}

// runsOut is until when a call that waits may go, where [turn] has not said it.
func runsOut(r approvals.Request, c approvals.Call) []span {
	if at := nextTry(c); !at.IsZero() && !at.Before(r.Lapses()) {
		return nil
	}
	return []span{words(strings.TrimPrefix(lapsing(r), ".")), when(r.Lapses()), words(".")}
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

// reason is why a call is where it is, and what Defender says about it, in sentences.
func (v Views) reason(r approvals.Request, c approvals.Call) string {
	var list []string
	ended := v.action(r).Ended
	switch {
	case c.Why.Reason == "", c.Why.Reason == approvals.Ran, c.State == approvals.Queued && r.HeldBy().Is():
	case c.ActionEnded() && ended != nil:
		list = v.ended(r, c, *ended)
	default:
		list = append(list, sentence(c.Why))
	}
	if says := v.ofJob(r, c); says != "" {
		list = append(list, says)
	}
	return strings.Join(list, " ")
}

// ofJob is what Defender says about the job of a call.
func (v Views) ofJob(r approvals.Request, c approvals.Call) string {
	switch {
	case c.Job.ID == "":
		return ""
	case c.State == approvals.CallCancelled && r.OwnsStop(c.Job.Details), c.State == approvals.Running && stopsSoon(c):
		return "" // who wants that is said already, and better than by Defender
	}
	says := status(v.action(r), c)
	if callWord(c) == pausedWord {
		says = strings.TrimPrefix(says, "Paused: ")
		says = strings.ToUpper(says[:1]) + says[1:]
	}
	if c.Job.Details != "" {
		says = strings.TrimSuffix(says, ".") + ": " + stop(cut(c.Job.Details, 200))
	}
	if c.State == approvals.Unknown || unfollowed(c) {
		says = "Defender last said: " + says
	}
	return cut(says, 300)
}

// status says how the job of a call stands. Of one that has succeeded the row says what
// that means; Defender's own word for it is only that it has.
func status(a defender.Action, c approvals.Call) string {
	if a.Success != "" && defender.PhaseOf(a.Tracks, c.Job.Status) == defender.PhaseSucceeded {
		return a.Success
	}
	return defender.Explain(a.Tracks, c.Job.Status)
}

// adopted says whose job a call stands for that did not start it itself, and of one that has
// ended since when it ran.
func adopted(c approvals.Call) []span {
	j := c.Job
	if j.ID == "" || !j.Adopted {
		return nil
	}
	spans := []span{words(" It had already been running")}
	if c.State != approvals.Running && !j.Created.IsZero() {
		spans = append(spans, words(", since "), when(j.Created))
	}
	if j.By == "" {
		return append(spans, words("; who started it is unknown."))
	}
	return append(spans, words(", "+stop("started by "+cut(fact(j.By), 60))))
}

// aboutPerson is the reason of a call where it is about a person, who is named.
func aboutPerson(r approvals.Request, c approvals.Call) []span {
	switch c.Why.Reason { //nolint:exhaustive // the reasons that are about a person
	case approvals.ApproverGone:
		return []span{mention(c.Why.Detail), words(" approved it, but is no longer an approver of this action. Try again if it is still needed.")}
	case approvals.ApproverOwnHand:
		return []span{mention(c.Why.Detail), words(" approved it, but joined the approver group after this was asked, and the last change to the group was theirs or the requester's. Try again if it is still needed.")}
	case approvals.ApproverUnchecked:
		return []span{words("Slack could not confirm that "), mention(c.Why.Detail), words(" may still approve.")}
	case approvals.RequesterGone:
		return []span{mention(r.By.ID), words(" can no longer make requests (deactivated, or removed from the list). If it is still needed, request it yourself.")}
	case approvals.RequesterUnchecked:
		return []span{words("Slack could not confirm that "), mention(r.By.ID), words(" may still ask.")}
	}
	return nil
}

// blind says that Defender cannot be asked about a call, and why.
func blind(c approvals.Call) []para {
	if !unfollowed(c) {
		return nil
	}
	return []para{says(words("⚠️ I have not been able to follow it since "), when(c.BlindAt), words(". "+sentence(c.Blind)+" I keep trying."))}
}

// linksTo reports whether the one call of r has a page in the portal.
func (v Views) linksTo(r approvals.Request) bool {
	return v.Investigation != "" && v.action(r).Tracks == defender.TrackInvestigations && len(r.Calls) == 1 && r.Calls[0].Job.ID != ""
}

// investigation links to what a call has started.
func (v Views) investigation(c approvals.Call) span {
	return link(strings.ReplaceAll(v.Investigation, "{id}", url.PathEscape(c.Job.ID)), "Investigation "+cut(fact(c.Job.ID), 64))
}
