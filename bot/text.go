package bot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// stateLine is where a request is, in a few words.
func stateLine(r approvals.Request) string {
	switch r.State {
	case approvals.Checking:
		return "🔎 Looking the devices up"
	case approvals.Pending:
		return "🟡 Waiting for approval"
	case approvals.Approved:
		return "🔵 Approved, under way"
	case approvals.Denied:
		return "⛔ Denied"
	case approvals.Cancelled:
		return "⚪ Cancelled"
	case approvals.Expired:
		return "⌛ Expired"
	case approvals.Rejected:
		return "⚠️ Could not be put to approval"
	case approvals.Done:
	}
	switch r.Outcome() {
	case approvals.AllSucceeded:
		return "✅ Succeeded"
	case approvals.Partly:
		return "🟠 Partly succeeded"
	case approvals.AllFailed:
		return "❌ Failed"
	case approvals.AllLapsed:
		return "⌛ Lapsed before it was sent"
	case approvals.AllCancelled:
		return "⚪ Cancelled"
	case approvals.OutcomeUnsure:
	}
	return "❓ Not known how it ended: check the Defender portal"
}

// explain says to a person what an error means for them. What it does not know
// it does not show: errors can hold anything.
func explain(err error) page {
	if refused, is := errors.AsType[*approvals.Refusal](err); is {
		return refusal(refused)
	}
	switch {
	case errors.Is(err, errFormClosed):
		return say("Slack did not open the form, so nothing was done. Press Deny again.")
	case errors.Is(err, ledger.ErrUnconfirmed):
		return say("My memory (Redis) did not answer in time, so I could not confirm whether this was recorded. " +
			"If the channel does not show it within a minute, try again: what is recorded already is not recorded twice.")
	case errors.Is(err, ledger.ErrNotRecorded):
		return say("My memory (Redis) cannot be reached, so nothing was recorded and nothing will happen. Try again in a moment.")
	}
	return say("Something went wrong on my side, and I do not know whether this counts. " +
		"Look at the channel before you try again; if it happens again, tell whoever runs this bot.")
}

// refusal adds to the sentence who decided what, where that is the reason.
func refusal(n *approvals.Refusal) page {
	if len(n.Others) > 0 {
		return say(tooFew(n))
	}
	r := n.Request
	code := lastingRefusal(n.Err)
	switch {
	case n.Why.Reason == approvals.NotKnown && code != "":
		return sayf("Slack refuses to tell me who you are and what you may do, so I did nothing: %s "+
			"Trying again does not help. Tell whoever runs this bot.", stop(code))
	case n.Why.Reason == approvals.RequesterUnchecked:
		return say(sentence(n.Why) + " Nothing was recorded. Press again in a minute.")
	case n.Why.Reason != approvals.AlreadyDecided || r.ID == "":
		return say(sentence(n.Why))
	}
	switch r.State {
	case approvals.Checking:
		return say(r.ID + " cannot be decided yet: its devices are still being looked up. Try again when its card is there.")
	case approvals.Denied:
		return sayf("%s was already denied by %s.", r.ID, r.Ended.By.Called())
	case approvals.Cancelled:
		return sayf("%s was already cancelled by %s.", r.ID, r.Ended.By.Called())
	case approvals.Approved, approvals.Done:
		return sayf("%s was already approved by %s.", r.ID, approvers(r))
	case approvals.Expired:
		return say(r.ID + " has expired: nobody decided in time. Ask again if it is still needed.")
	case approvals.Rejected:
		return say(stop(r.ID+" could not be put to approval") + " " + sentence(r.Ended.Why))
	case approvals.Pending:
	}
	return say(r.ID + " cannot be decided any more. Look at its card.")
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
	busySentence  = "I am busy right now and did not look at this. Try again in a moment."
	laterSentence = "I understand this word, but this version of me cannot do it yet. /defender help shows what I can do."
	wrongTeam     = "I belong to another workspace, so I did nothing."
	formUnread    = "This form cannot be read any more. Close it and press Deny again."
	noReason      = "Please say why in a few words."
)

// recordedPage is the answer to a command that was recorded.
func recordedPage(r approvals.Request) page {
	devices := "the device"
	if len(r.Devices) > 1 {
		devices = fmt.Sprintf("the %d devices", len(r.Devices))
	}
	return sayf("Recorded as %s. I am looking %s up; then the card appears here for somebody else to approve.", r.ID, devices)
}

// The answers to a decision that was taken.

func approvedPage(r approvals.Request) page {
	if r.State == approvals.Pending {
		return sayf("Your approval of %s is recorded; it has %d of %d. Somebody else has to approve it too.",
			r.ID, len(r.Approvals), r.Terms.Needed)
	}
	return sayf("You approved %s. The card shows what becomes of it.", r.ID)
}

func deniedPage(r approvals.Request) page {
	return sayf("You denied %s. Nothing was sent.", r.ID)
}

func cancelledPage(r approvals.Request) page {
	if r.State == approvals.Cancelled {
		return sayf("You cancelled %s. Nothing was sent.", r.ID)
	}
	return sayf("You cancelled what was not sent yet of %s. The card shows the rest.", r.ID)
}

func retriedPage(r approvals.Request) page {
	if len(r.Approvals) > 0 {
		return sayf("What did not work is tried again as %s, and your click counts as an approval of it.", r.ID)
	}
	return sayf("What did not work is tried again as %s. Its card appears here for somebody else to approve.", r.ID)
}

// inWords is a duration as people say it: to the minute, from two hours on to
// the hour.
func inWords(d time.Duration) string {
	switch m := int(d.Round(time.Minute).Minutes()); {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "1 minute"
	case m < 120:
		return fmt.Sprintf("%d minutes", m)
	}
	return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
}
