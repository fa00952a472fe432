package bot

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/commands"
)

// explain says to a person what an error means for them. What it does not know
// it does not show: errors can hold anything.
func explain(err error) page {
	if refused, is := errors.AsType[*approvals.Refusal](err); is {
		return refusal(refused)
	}
	switch {
	case errors.Is(err, errFormClosed):
		return sayf("Slack could not open the form%s, so nothing happened. %s", becauseOf(err), formMend(err))
	case errors.Is(err, approvals.ErrTooFewReplicas):
		return say("This was recorded, but too few copies of my database (Redis) confirmed it: if Redis fails now, it may be lost. " +
			"Check that the channel shows it, and tell whoever runs this bot.")
	case errors.Is(err, approvals.ErrNotDurable):
		return say("This was recorded, but my database (Redis) did not confirm in time that it is on its disk: if it fails now, it may be lost. " +
			"Check that the channel shows it, and tell whoever runs this bot.")
	case errors.Is(err, approvals.ErrUnconfirmed):
		return say("My database (Redis) did not confirm this, so I cannot tell whether it was recorded. " +
			"If the channel does not show it within a minute, try again: it is never recorded twice.")
	case errors.Is(err, approvals.ErrNotRead):
		return say("I could not read that: my database (Redis) is not working. Nothing has changed. Try again in a minute; if it stays that way, tell whoever runs this bot.")
	case errors.Is(err, approvals.ErrNotRecorded):
		return say("Nothing was recorded and nothing will happen: my database (Redis) is not working. Try again in a minute; if it stays that way, tell whoever runs this bot.")
	}
	return say("Something went wrong on my side, and I cannot tell whether this was recorded. " +
		"Check the channel before you try again; if it happens again, tell whoever runs this bot.")
}

// formMend is what to do where a form could not be opened: the next try has a trigger of its
// own, and helps unless Slack refuses it permanently.
func formMend(err error) string {
	if refused, is := errors.AsType[slack.SlackErrorResponse](err); is {
		if fate := meaningOf(refused.Err).fate; fate == lasting || fate == ours {
			return "Trying again will not help. Tell whoever runs this bot."
		}
	}
	return "Try again."
}

// refusal adds to the sentence who decided what, where that is the reason.
func refusal(n *approvals.Refusal) page {
	if len(n.Others) > 0 {
		return say(tooFew(n))
	}
	r := n.Request
	code := lastingRefusal(n.Err)
	switch {
	case n.Frozen.Is():
		return frozenAlready(n.Frozen)
	case n.Why.Reason == approvals.AlreadyOpen && r.Unfreezes():
		return say("Somebody has already asked for the freeze to be lifted, so this was not recorded. Use the card of that request.")
	case n.Why.Reason == approvals.NotKnown && code != "":
		return sayf("Slack will not let me check whether you may do this, so I did nothing: %s "+
			"Trying again will not help. Tell whoever runs this bot.", stop(code))
	case n.Why.Reason == approvals.RequesterUnchecked:
		return say(sentence(n.Why) + " Nothing was recorded. Press again in a minute.")
	case n.Why.Reason == approvals.OwnRequest && r.UnderReview():
		return say("You acted alone here, so somebody else has to review it. The card mentions the approvers.")
	case n.Why.Reason == approvals.NotAnApprover && r.ID == "": // there is no card
		return say("Only an approver of this action can act alone, so nothing happened. Ask without the “!”; somebody else then approves it.")
	case n.Why.Reason == approvals.OwnHand && r.ID == "":
		return say("You changed the approver group that you are in last, so you cannot act alone through it, and nothing happened. Ask without the “!”; somebody else then approves it.")
	case n.Why.Reason != approvals.AlreadyDecided || r.ID == "":
		return say(sentence(n.Why))
	}
	switch r.State {
	case approvals.Checking:
		return say(r.ID + " cannot be decided yet: its devices are still being looked up. Use the buttons on its card when it appears.")
	case approvals.Denied:
		return sayf("%s was already denied by %s, so nothing was sent.", r.ID, r.Ended.By.Called())
	case approvals.Cancelled:
		return sayf("%s was already cancelled by %s. Ask again if it is still needed.", r.ID, r.Ended.By.Called())
	case approvals.Approved, approvals.Done:
		if r.Forced {
			return sayf("Nobody approves %s: %s acted alone (break-glass). It can be reviewed on its card.", r.ID, r.By.Called())
		}
		return sayf("%s was already approved by %s. Its card shows how it stands.", r.ID, approvers(r))
	case approvals.Expired:
		return say(r.ID + " expired, because nobody decided in time. Ask again if it is still needed.")
	case approvals.Rejected:
		return say(stop(r.ID+" was not submitted for approval") + " " + sentence(r.Ended.Why))
	case approvals.Pending:
	}
	return say(r.ID + " can no longer be decided. Look at its card.")
}

func approvers(r approvals.Request) string {
	names := make([]string, len(r.Approvals))
	for i, a := range r.Approvals {
		names[i] = a.By.Called()
	}
	return strings.Join(names, " and ")
}

// The sentences that are not reasons.
const (
	busySentence = "Too much is happening at once, so I did nothing. Try again in a moment."
	formUnread   = "This form is out of date. Close it and open it again."
	noReason     = "Please give a reason."
)

// wrongCommand is the answer to a command that cannot be read. What to type stands
// on a line of its own, to be copied.
func wrongCommand(err error) page {
	wrong, is := errors.AsType[*commands.Error](err)
	if !is {
		return explain(err)
	}
	p := asWritten(wrong.What())
	for _, line := range wrong.Lines() {
		p = append(p, says(words(line.Says), code(cut(line.Typed, mostRepeated))))
	}
	if wrong.About() != "" {
		p = append(p, says(words(wrong.About())))
	}
	return append(p, draftButton(wrong.Draft)...)
}

// mostRepeated is how many characters of a command its answer repeats: as many ids as one
// request takes by default, and the longest comment, are fewer.
const mostRepeated = 2000

// recordedPage is the answer to a command that was recorded.
func (v Views) recordedPage(r approvals.Request) page {
	devices := "the device"
	if len(r.Devices) > 1 {
		devices = fmt.Sprintf("the %d devices", len(r.Devices))
	}
	where := "here"
	if r.InThread() != "" {
		where = "in the thread of that message"
	}
	p := sayf("Recorded as %s. I am looking up %s; then the card for approval appears %s.", r.ID, devices, where)
	if notice := v.action(r).Notice(); notice != "" {
		p = append(p, says(words("⚠️ "+notice)))
	}
	return p
}

// The answers to a decision that was taken.

func approvedPage(r approvals.Request) page {
	if r.Unfreezes() && r.State == approvals.Done {
		return sayf("You approved %s: the freeze is lifted, and approved calls are sent to Defender again.", r.ID)
	}
	if r.State == approvals.Pending {
		people := "One more person has"
		if left := r.Terms.Needed - len(r.Approvals); left > 1 {
			people = fmt.Sprintf("%d more people have", left)
		}
		p := sayf("You approved %s, which has %d of %d approvals now. %s to approve it.", r.ID, len(r.Approvals), r.Terms.Needed, people)
		return append(p, beyondReach(r)...)
	}
	if f := r.HeldBy(); f.Is() {
		return page{says(append(append([]span{wordsf("You approved %s. It waits: calls are frozen by ", r.ID)}, orderedBy(f)...), words(". It is sent when the freeze is lifted, unless the approval runs out first; its card shows which."))...)}
	}
	return sayf("You approved %s. It goes to Defender as soon as Microsoft's limits allow; the card shows how it goes.", r.ID)
}

func deniedPage(r approvals.Request) page {
	return sayf("You denied %s. %s", r.ID, left(r))
}

func cancelledPage(r approvals.Request) page {
	switch {
	case !slices.ContainsFunc(r.Calls, wasSent):
		return sayf("You cancelled %s. %s", r.ID, left(r))
	case r.State == approvals.Done:
		return sayf("You cancelled the calls of %s that had not been sent. The others have ended; its card says how.", r.ID)
	}
	return sayf("You cancelled the calls of %s that had not been sent. Those already sent go on; follow them on the card.", r.ID)
}

// wasSent reports whether a call reached Defender, or may have. One that lapsed or
// that somebody cancelled here did not; one that was stopped in Defender did.
func wasSent(c approvals.Call) bool {
	return c.State != approvals.Lapsed && (c.State != approvals.CallCancelled || c.By.ID == "")
}

func retriedPage(r approvals.Request) page {
	said := fmt.Sprintf("Asked again as %s, only for what did not succeed; the card appears here.", r.ID)
	if len(r.Approvals) > 0 {
		return say(said + " Your click counts as an approval of it.")
	}
	return say(said + " Somebody else has to approve it.")
}

// inWords is a duration as people say it: to the minute, from two hours on to the hour, and
// on in days, weeks and months.
func inWords(d time.Duration) string {
	const day = 24 * time.Hour
	switch m := int(d.Round(time.Minute).Minutes()); {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "1 minute"
	case m < 120:
		return fmt.Sprintf("%d minutes", m)
	case d < 3*day:
		return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
	case d < 14*day:
		return fmt.Sprintf("%d days", int(d.Round(day)/day))
	case d < 60*day:
		return fmt.Sprintf("%d weeks", int(d.Round(7*day)/(7*day)))
	}
	return fmt.Sprintf("%d months", int(d.Round(30*day)/(30*day)))
}
