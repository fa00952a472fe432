package bot

import (
	"strings"

	"defenderbot/approvals"
)

// saying is how a reason is told: what is so, and what can be done about it.
type saying struct {
	what   string // without its full stop
	detail bool   // what belongs to the reason follows: which device, Defender's words
	then   string // sentences
}

// sayings has a row for every reason. Those whose cure is the same for all
// calls that wait, to wait, say none.
func sayings() map[approvals.Reason]saying {
	const again = "Ask again if it is still needed."
	return map[approvals.Reason]saying{
		approvals.NotKnown:        {what: "Slack could not tell me who you are and what you may do, so I did nothing", then: "Try again in a minute."},
		approvals.NotAMember:      {what: "Only full members of this workspace can do this: no guests, no bots, nobody of another workspace or organisation"},
		approvals.NotARequester:   {what: "You are not on the list of those who may ask", then: "Somebody who is can ask for you."},
		approvals.NotAnApprover:   {what: "You are not on the list of approvers, so this changed nothing", then: "The card mentions those who are."},
		approvals.OwnRequest:      {what: "This is your own request: somebody else has to decide on it", then: "You can cancel it."},
		approvals.AskedFirst:      {what: "You asked for this before, so you do not decide on it", then: "Another approver has to."},
		approvals.OtherMessage:    {what: "What you pressed is not the card of this request, so it did nothing", then: "Use the card in the channel where it was asked for."},
		approvals.NotYours:        {what: "Only the requester or an approver can do this"},
		approvals.NobodyElse:      {what: "Too few people besides you could approve this, so it was not recorded", then: "Ask whoever runs this bot to extend APPROVERS."},
		approvals.ChannelNotTaken: {what: "Commands are not taken in this channel", then: "Use one of the channels this bot is set up for."},
		approvals.ChannelShared:   {what: "This channel is shared with another organisation, and commands are not taken in such channels", then: "Use one that is not."},
		approvals.NotInChannel:    {what: "I am not in this channel, so nobody would see the card", then: "Invite me with /invite, then ask again."},
		approvals.ChannelArchived: {what: "This channel is archived, so nobody could decide here", then: "Ask in another one."},
		approvals.TooManyOpen:     {what: "You have as many requests waiting as one person may have", then: "Cancel one, or wait until one is decided."},
		approvals.Excluded:        {"A request for another action is open on the same device, and the two exclude each other", true, "This request was not created. Ask again when that one has ended."},
		approvals.AlreadyOpen:     {"There is already an open request for this on the same device", true, "This request was not created. Use the card of that one."},

		approvals.NoSuchRequest:   {"There is no such request any more", true, "Records are kept for a limited time."},
		approvals.NewerRecord:     {"A newer version of this bot wrote this request, and the one that you reached does not know how to read it, so nothing was done", true, "Press again in a minute; if it stays, tell whoever runs this bot."},
		approvals.BrokenRecord:    {"What is stored about this request contradicts itself, so nothing is done with it", true, "Tell whoever runs this bot: the log says which record it is, and its devices can be asked for again when that is removed."},
		approvals.UnknownAction:   {"This version of the bot does not know the action", true, "It takes a version that does: ask whoever runs the bot."},
		approvals.AlreadyApproved: {what: "You have approved this already; somebody else has to approve it too"},
		approvals.AlreadyDecided:  {what: "This cannot be decided any more", then: "Look at its card."},
		approvals.TooLate:         {what: "The time to decide on this has passed, and nothing was sent", then: again},
		approvals.NothingToCancel: {what: "There is nothing left to cancel: what was sent to Defender cannot be called back from here"},
		approvals.NothingToRetry:  {what: "There is nothing to try again here"},
		approvals.AlreadyRetried:  {"This was tried again already", true, "Look at that card."},
		approvals.ShownDiffers:    {what: "What you saw is not what this request asks for, so your click did nothing", then: "Look at the card again."},
		approvals.OpReused:        {what: "Slack delivered this under a name that it had used for something else, so nothing was done", then: "Do it once more."},
		approvals.DoesNotFit:      {what: "This does not fit where the request is now", then: "Look at its card."},

		approvals.CheckTimeout:    {what: "The devices could not be looked up in Defender in time, and nothing was sent", then: "Ask again, with the device's id if you used a name."},
		approvals.DeviceNotFound:  {"Defender knows no such device", true, "Check the id or the name in the portal."},
		approvals.DeviceAmbiguous: {"Several devices have this name", true, "Ask again with the id of the one you mean."},
		approvals.DeviceMerged:    {"Defender has merged this device into another", true, "Ask again with that id."},
		approvals.DeviceExcluded:  {"This device is excluded in Defender", true, "It has to be included again in the portal first."},
		approvals.DeviceTwice:     {"Two of the devices are the same one", true, "Ask again and name it once."},

		approvals.ChannelReadOnly:     {what: "This channel is read-only for me, so nobody would see the card", then: "Whoever manages the channel can let me post here; or ask in another one."},
		approvals.ThreadsOnly:         {what: "This channel takes replies in threads only, so the card cannot be posted", then: "Ask in another channel."},
		approvals.PostingRestricted:   {what: "A setting of this channel or workspace keeps me from posting here", then: "Whoever manages the channel can change who may post; or ask in another one."},
		approvals.ChannelLimited:      {what: "This channel belongs to a record in Salesforce that I may not see, so I cannot post here", then: "Ask in another channel."},
		approvals.PostingSuspended:    {what: "The administrators of Slack have switched off posting in this channel", then: "They can say for how long; or ask in another channel."},
		approvals.WorkspaceNotGranted: {what: "Your organisation has not let me into the workspace of this channel", then: "An administrator of Slack has to do that; or ask in a channel of another workspace."},
		approvals.NotPermitted:        {"Slack does not permit me to post here", true, "An administrator of Slack can say why; I may have to be invited with /invite first."},
		approvals.MissingScope:        {"Slack does not let me post: the app lacks a scope", true, "Whoever runs this bot has to add it and install the app again."},
		approvals.NetworkNotAllowed:   {what: "Slack does not take messages from the network that I run in", then: "An administrator of Slack has to allow it."},
		approvals.MessageLimit:        {what: "This workspace has used up the messages of its plan, so the card cannot be posted", then: "An owner of the workspace has to look at that."},
		approvals.CardRefused:         {"Slack does not take the card that I made, which is a mistake of mine", true, "Tell whoever runs this bot; the log says more."},
		approvals.SlackRefused:        {"Slack refused the card again and again, for a reason that I do not know", true, "Tell whoever runs this bot."},

		approvals.WaitsForWindow:     {what: "Microsoft's limit for this action is used up for now"},
		approvals.Throttled:          {what: "Defender says that there are too many calls for now"},
		approvals.NotReached:         {what: "Defender cannot be reached"},
		approvals.HeldUp:             {what: "This bot was held up and did not send it in time"},
		approvals.NoToken:            {"Microsoft gives this bot no valid access token", true, "Whoever runs this bot should check its credential."},
		approvals.NotDurable:         {what: "Redis could not confirm on enough replicas that the call was written down", then: "Whoever runs this bot should look at Redis."},
		approvals.ApproverUnchecked:  {what: "Slack cannot be asked whether the approver still may approve"},
		approvals.ApproverGone:       {what: "Somebody who approved it may no longer do so", then: again},
		approvals.RequesterUnchecked: {what: "Slack could not confirm that the requester may still ask"},
		approvals.RequesterGone:      {what: "The requester may no longer ask (left, was deactivated, or is off the list), so nothing was sent", then: "If it is still needed, ask for it yourself; somebody else then approves."},
		approvals.ExecutionLapsed:    {what: "It waited longer than an approval lasts, so it was not sent", then: again},
		approvals.TookTooLong:        {what: "It did not end in the time it was followed", then: "Check the Defender portal."},
		approvals.AnswerLost:         {"It was sent, and no answer came that could be read", true, ""},
		approvals.OwnerLost:          {what: "The part of this bot that sent it did not report back"},
		approvals.NotStarted:         {what: "It was not started, as far as Defender shows", then: again},
		approvals.SeveralFound:       {what: "More than one investigation on the device could be it", then: "Check the Defender portal."},

		approvals.AlreadyRunning: {"The same action is already running on the device", true, "Wait for its end before you ask again."},
		approvals.NoSuchDevice:   {"Defender does not know this device any more", true, "Check the id in the portal."},
		approvals.UnsupportedOS:  {"Defender does not support this on the device's system", true, ""},
		approvals.MissingRole:    {"This bot's registration lacks an application role", true, "An administrator of Entra has to grant it."},
		approvals.Licence:        {"The tenant's licence or settings do not allow this", true, "An administrator of the tenant has to change that."},
		approvals.Disallowed:     {"Defender does not allow this", true, "An administrator of Defender can say why."},
		approvals.Refused:        {"Defender refused it", true, "Look at the device in the portal."},
		approvals.Ran:            {what: "It ran"},
	}
}

// mostDetail is how many characters of what belongs to a reason are shown.
const mostDetail = 200

// sentence says a reason to a person, and what to do about it.
func sentence(w approvals.Why) string {
	s, ok := sayings()[w.Reason]
	detail := cut(strings.Trim(oneLine(w.Detail), " .,;:"), mostDetail)
	switch {
	case !ok:
		s = saying{what: "The reason is one that this version of me does not know", detail: true}
		detail = string(w.Reason)
	case w.Reason == approvals.NotReached && detail != "":
		s = saying{"Defender cannot be reached, and without it this name cannot be turned into a device", true, "Ask again later, or with the device's id."}
	case w.Reason == approvals.ExecutionLapsed && detail != "":
		s.then = "The last obstacle: " + sentence(approvals.Why{Reason: approvals.Reason(detail)}) + " " + s.then
	}
	if s.detail && detail != "" {
		s.what += ": " + detail
	}
	return strings.TrimSpace(stop(s.what) + " " + s.then)
}

// stop ends s with one full stop, unless it has an end of its own.
func stop(s string) string {
	s = strings.TrimRight(s, " .,;:")
	if s == "" || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}
