package bot

import (
	"errors"
	"fmt"
	"time"

	"defenderbot/approvals"
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

// sentence says a reason to a person, and what to do about it.
func sentence(w approvals.Why) string {
	d := w.Detail
	switch w.Reason {
	case approvals.NotKnown:
		return "Slack could not tell me who you are and what you may do, so I did nothing. Try again in a moment."
	case approvals.NotAMember:
		return "Only full members of this workspace can do this: no guests, no people of other organisations, no bots."
	case approvals.NotARequester:
		return "You are not on the list of those who may ask. Somebody who is can ask for you."
	case approvals.NotAnApprover:
		return "You are not on the list of approvers, so this click changed nothing."
	case approvals.OwnRequest:
		return "This is your own request: somebody else has to decide on it. You can cancel it."
	case approvals.NotYours:
		return "Only the requester or an approver can cancel this."
	case approvals.NobodyElse:
		return "Too few people besides you could approve this, so it was not recorded. Ask whoever runs this bot to extend APPROVERS."
	case approvals.ChannelNotTaken:
		return "Commands are not taken in this channel. Use one of the channels this bot is set up for."
	case approvals.ChannelShared:
		return "This channel is shared with another organisation, and commands are not taken in such channels."
	case approvals.NotInChannel:
		return "I am not in this channel, so nobody would see the card. Invite me with /invite, then ask again."
	case approvals.ChannelArchived:
		return "This channel is archived, so nobody could decide here. Ask in another one."
	case approvals.TooManyOpen:
		return "You have as many requests waiting as one person may have. Cancel one, or wait until one is decided."
	case approvals.AlreadyOpen:
		return "There is already an open request for this on the same device: " + d + ". Nothing new was recorded."
	case approvals.NoSuchRequest:
		return "There is no request " + d + " any more. Records are kept for a limited time."
	case approvals.AlreadyApproved:
		return "You have approved this already; somebody else has to approve it too."
	case approvals.AlreadyDecided:
		return "This cannot be decided any more: it is " + d + "."
	case approvals.TooLate:
		return "The time to decide on this has passed. Nothing was sent. Ask again if it is still needed."
	case approvals.NothingToCancel:
		return "There is nothing left to cancel: what was sent to Defender cannot be called back from here."
	case approvals.ShownDiffers:
		return "What you saw is not what this request asks for, so your click did nothing. Look at the card again."
	case approvals.DoesNotFit:
		return "This does not fit where the request is now. Look at its card."
	case approvals.CheckTimeout:
		return "The devices could not be looked up in Defender in time. Nothing was sent. Ask again, with the device's id if you used a name."
	case approvals.DeviceNotFound:
		return "Defender knows no device " + d + ". Check the id or the name in the portal."
	case approvals.DeviceAmbiguous:
		return "Several devices have this name: " + d + ". Ask again with the id of the one you mean."
	case approvals.DeviceMerged:
		return "Defender has merged this device into another: " + d + ". Ask again with that id."
	case approvals.DeviceExcluded:
		return "This device is excluded in Defender: " + d + "."
	case approvals.DeviceTwice:
		return "Two of the devices are the same one: " + d + ". Ask again and name it once."
	case approvals.WaitsForWindow:
		return "Microsoft's limit for this action is used up for now."
	case approvals.Throttled:
		return "Defender says that there are too many calls for now."
	case approvals.NotReached:
		return "Defender cannot be reached" + about(d) + "."
	case approvals.NoToken:
		return "Microsoft gives this bot no valid access token" + about(d) + ". Whoever runs this bot should check its credential."
	case approvals.NotDurable:
		return "Redis could not confirm on enough replicas that the call was written down."
	case approvals.ApproverUnchecked:
		return "Slack cannot be asked whether the approver still may approve."
	case approvals.ApproverGone:
		return "The person who approved may no longer do so."
	case approvals.ExecutionLapsed:
		return "It waited longer than an approval lasts, so it was not sent." + lastObstacle(d) + " Ask again if it is still needed."
	case approvals.TookTooLong:
		return "It did not end in the time it was followed. Check the Defender portal."
	case approvals.AnswerLost:
		return "It was sent, and no answer came that could be read."
	case approvals.OwnerLost:
		return "The part of this bot that sent it did not report back."
	case approvals.NotStarted:
		return "It was not started, as far as Defender shows."
	case approvals.SeveralFound:
		return "More than one investigation on the device could be it. Check the Defender portal."
	case approvals.AlreadyRunning:
		return "The same action is already running on the device" + about(d) + "."
	case approvals.NoSuchDevice:
		return "Defender does not know this device any more" + about(d) + "."
	case approvals.UnsupportedOS:
		return "Defender does not support this on the device's system" + about(d) + "."
	case approvals.MissingRole:
		return "This bot's registration lacks the application role " + d + ". An administrator has to grant it."
	case approvals.Licence:
		return "The tenant's licence or settings do not allow this" + about(d) + "."
	case approvals.Disallowed:
		return "Defender does not allow this" + about(d) + "."
	case approvals.Refused:
		return "Defender refused it" + about(d) + "."
	case approvals.Ran:
		return "It ran."
	}
	return "It ended for a reason this version does not know: " + string(w.Reason) + "."
}

// about adds what is known more, if anything is.
func about(detail string) string {
	if detail == "" {
		return ""
	}
	return ": " + detail
}

// lastObstacle says what a call that lapsed waited for last.
func lastObstacle(reason string) string {
	if reason == "" {
		return ""
	}
	return " The last obstacle: " + sentence(approvals.Why{Reason: approvals.Reason(reason)})
}

// explain says to a person what an error means for them.
func explain(err error) string {
	var refused *approvals.No
	switch {
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.Is(err, approvals.ErrUnconfirmed):
		return "My memory (Redis) did not answer in time, so I could not confirm whether this was recorded. " +
			"Look for its card in the channel before you try again; trying again is safe for the same device."
	case errors.Is(err, approvals.ErrNotRecorded):
		return "My memory (Redis) cannot be reached, so nothing was recorded and nothing will happen. Try again in a moment."
	}
	return "Something went wrong on my side, and I did nothing. Try again; if it happens again, tell whoever runs this bot."
}

// refusal adds to the sentence who decided what, where that is the reason.
func refusal(n *approvals.No) string {
	r := n.Request
	if n.Why.Reason != approvals.AlreadyDecided || r.State == "" {
		return sentence(n.Why)
	}
	switch r.State {
	case approvals.Checking:
		return r.ID + " cannot be decided yet: its devices are still being looked up."
	case approvals.Denied:
		return fmt.Sprintf("%s was already denied by %s.", r.ID, name(r.Ended.By))
	case approvals.Cancelled:
		return fmt.Sprintf("%s was already cancelled by %s.", r.ID, name(r.Ended.By))
	case approvals.Approved, approvals.Done:
		return fmt.Sprintf("%s was already approved by %s.", r.ID, name(r.Approvals[len(r.Approvals)-1].By))
	case approvals.Expired, approvals.Rejected, approvals.Pending:
	}
	return fmt.Sprintf("%s cannot be decided any more: it is %s.", r.ID, r.State)
}

// name is how a person is called where a mention is not rendered.
func name(p approvals.Person) string {
	if p.Name == "" {
		return p.ID
	}
	return p.Name
}

// The sentences that are not reasons.
const (
	busySentence  = "I am busy right now and did not look at this. Try again in a moment."
	laterSentence = "I understand this word, but this version of me cannot do it yet. /defender help shows what I can do."
	wrongTeam     = "I belong to another workspace, so I did nothing."
)

// recorded is the answer to a command that was recorded.
func recorded(r approvals.Request) string {
	return fmt.Sprintf("Recorded as %s. I am looking the device up; then the card appears here for somebody else to approve.", r.ID)
}

// decided is the answer to a decision that was taken.
func decided(verb string, r approvals.Request) string {
	switch {
	case verb == actionApprove && r.State == approvals.Pending:
		return fmt.Sprintf("Your approval of %s is recorded; %d of %d.", r.ID, len(r.Approvals), r.Terms.Needed)
	case verb == actionApprove:
		return fmt.Sprintf("You approved %s. The card shows what becomes of it.", r.ID)
	case verb == actionDeny:
		return fmt.Sprintf("You denied %s. Nothing was sent.", r.ID)
	}
	return fmt.Sprintf("You cancelled %s as far as it was not sent yet.", r.ID)
}

// inWords is a duration as people say it, to the minute.
func inWords(d time.Duration) string {
	switch m := int(d.Minutes()); {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "1 minute"
	case m < 120:
		return fmt.Sprintf("%d minutes", m)
	}
	return fmt.Sprintf("%d hours", int(d.Hours()))
}
