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
	const again, retry = "Ask again if it is still needed.", "Try again if it is still needed."
	return map[approvals.Reason]saying{
		approvals.NotKnown:         {what: "Slack could not tell me whether you may do this, so I did nothing", then: "Try again in a minute."},
		approvals.NotAMember:       {what: "Only full members of this workspace can do this, not guests, bots or people from other workspaces"},
		approvals.NotARequester:    {what: "You are not on the list of people who may ask for this action", then: "Somebody who is on it can ask for you."},
		approvals.NotAnApprover:    {what: "You are not an approver of this action, so nothing changed", then: "The card mentions the approvers."},
		approvals.ActionOff:        {"This action is switched off here", true, "Whoever runs this bot can switch it on in ACTIONS."},
		approvals.OwnRequest:       {what: "This is your own request, so somebody else has to decide it", then: "You can cancel it."},
		approvals.AskedFirst:       {what: "You asked for this before, so somebody else has to decide it", then: "Another approver can."},
		approvals.OtherTeam:        {what: "This bot belongs to another workspace, so nothing happened", then: "Use it there."},
		approvals.OtherMessage:     {what: "That is not this request's card, so nothing happened", then: "Use the card in the channel where it was requested."},
		approvals.TypedElsewhere:   {what: "This request was made in another channel, and only its requester can cancel it from here, so nothing changed", then: "Type it there, or press Cancel on its card."},
		approvals.NotYours:         {what: "Only the requester or an approver of this action can do this"},
		approvals.NotYoursToStop:   {what: "Only an approver of this action can stop what is running in Defender, so nothing changed", then: "Whoever approved it can: the card says who."},
		approvals.NotYoursToSee:    {"This request was made in another channel, so only its requester and the approvers of its action can see it here", true, "Ask in the channel where it was made."},
		approvals.MadeElsewhere:    {"This request was made in another channel, so I do not show it to everybody here", true, "Ask again without “public” to see it alone."},
		approvals.OnlyApprovers:    {what: "Reports are for approvers", then: "Ask one of them; “list” shows you what is open here."},
		approvals.NotYoursToPick:   {what: "Only whoever asked for it chooses the device, so nothing changed", then: "The requester has the menu."},
		approvals.NobodyElse:       {what: "Too few people other than you can approve this, so it was not recorded", then: "Ask whoever runs this bot to add people to APPROVERS for this action."},
		approvals.ChannelNotTaken:  {what: "This bot does not take commands in this channel", then: "Use one of the channels it is set up for."},
		approvals.ChannelShared:    {what: "This channel is shared with another organisation, and this bot does not take commands in shared channels", then: "Use one that is not shared."},
		approvals.NotInChannel:     {what: "I am not in this channel, so nobody would see the card", then: "Invite me with /invite, then ask again."},
		approvals.DirectMessage:    {what: "Only the people in a direct or group message see it, so the approvers would not see the card here", then: "Ask in the incident's channel; if I am not in it, invite me there with /invite."},
		approvals.ChannelArchived:  {what: "This channel is archived, so nobody can decide anything here", then: "Ask in another one."},
		approvals.TooManyOpen:      {what: "You already have as many undecided requests as one person may have, so this was not recorded", then: "Cancel one, or wait until one is decided."},
		approvals.Excluded:         {"Another request is open on the same device, and the two actions exclude each other", true, "This request goes no further. Use the card of the other one, or ask again when it has ended."},
		approvals.AlreadyOpen:      {"The same action, or one that cannot run beside it, is already open on a device of this request", true, "This request goes no further. Use the card of the other one, or ask again without that device."},
		approvals.NotYoursToFreeze: {what: "Only approvers can freeze calls or ask for a freeze to be lifted, so nothing changed", then: "Tell one of them."},
		approvals.AlreadyFrozen:    {what: "Calls are frozen already, so nothing changed", then: "“unfreeze” with a reason asks for the freeze to be lifted."},
		approvals.Refrozen:         {what: "The freeze that this would lift is over, and a new one is in force, so nothing changed", then: "“limits” shows the new one; “unfreeze” with a reason asks for it to be lifted."},
		approvals.NotFrozen:        {what: "Nothing is frozen, so there is no freeze to lift", then: "“list” shows you what waits, and for what."},
		approvals.OwnHand:          {what: "You joined the approver group after this was asked, and the last change to the group was yours or the requester's, so your decision does not count", then: "Another approver has to decide it: the card mentions them."},
		approvals.NoBreakGlass:     {what: "Nobody may act alone here, so nothing happened", then: "Ask without the “!”; somebody else then approves it. Whoever runs this bot can allow it with BREAK_GLASS."},
		approvals.ForcedTooOften:   {what: "One person can act alone at most three times in an hour", then: "Ask without the “!”; somebody else then approves it."},
		approvals.ForcedBeyond:     {"With this, the requester would reach more devices than one person can, so nobody can do it alone", true, "Ask without the “!”; it then needs one more approval than usual."},
		approvals.TooFewForReach:   {"This needs one more approval than usual, because the requester would reach more devices than one person can, and nobody is left who could give it", true, "Ask again in an hour, or have whoever runs this bot add people to APPROVERS."},

		approvals.NoSuchRequest:   {"I have no record of that request, so nothing happened", true, "Records are kept for a limited time. If this one is recent, another copy of this bot runs on the same Slack app and may have it: tell whoever runs this bot."},
		approvals.NewerRecord:     {"This request was written by a newer version of this bot, which the one you reached cannot read, so nothing happened", true, "Try again in a minute; if it stays that way, tell whoever runs this bot."},
		approvals.BrokenRecord:    {"The stored record of this request is damaged, so nothing happened", true, "Tell whoever runs this bot: the log names the record, and once they remove it, you can ask again."},
		approvals.UnknownAction:   {"This version of the bot does not know this action", true, "Tell whoever runs this bot: a newer version is needed."},
		approvals.AlreadyApproved: {what: "You have already approved this; somebody else has to approve it too"},
		approvals.AlreadyDecided:  {what: "This can no longer be decided", then: "Look at its card."},
		approvals.TooLate:         {what: "The time to decide this has passed, and nothing was sent", then: again},
		approvals.NothingToCancel: {what: "There is nothing left to cancel: all of it has been sent to Defender", then: "If Defender can stop it, its card has a Stop button for approvers."},
		approvals.NothingToReview: {what: "Nobody acted alone here, so there is nothing to review", then: "Look at its card."},
		approvals.AlreadyReviewed: {what: "This was already reviewed", then: "Its card says by whom."},
		approvals.NothingToStop:   {what: "Nothing of this request is running in Defender, so there is nothing to stop", then: "Look at its card."},
		approvals.StopUnderWay:    {what: "Somebody has already asked for this to be stopped", then: "Its card says who, and how that stands."},
		approvals.NoWayToStop:     {what: "Microsoft offers no way to stop this from outside Defender", then: "Look at the device in the portal."},
		approvals.NothingToRetry:  {what: "Nothing here can be tried again"},
		approvals.NothingFollows:  {what: "There is no device here for which this can be asked", then: "Look at the card."},
		approvals.AlreadyRetried:  {"This has already been tried again", true, "Use that card."},
		approvals.NoPackage:       {what: "There is no package here", then: "Look at the card: it says how the collection ended."},
		approvals.PickEnded:       {"This request has ended, so there is no device to choose any more", true, again},
		approvals.PickTooLate:     {what: "The time to choose a device has passed, and nothing was sent", then: again},
		approvals.AlreadyPicked:   {"This device has already been chosen", true, "If it is the wrong one, cancel the request and ask again."},
		approvals.NotOffered:      {what: "That device is not one of those to choose from, so nothing changed", then: "Use the newest menu, or ask again with the device's id."},
		approvals.ShownDiffers:    {what: "The card you saw does not match this request, so nothing happened", then: "Look at the card again before you decide."},
		approvals.OpReused:        {what: "Slack delivered this twice with different content, so nothing happened", then: "Try once more."},
		approvals.DoesNotFit:      {what: "The request has moved on, so this no longer applies", then: "Look at its card."},

		approvals.CheckTimeout:    {what: "I could not look up the devices in Defender in time, and nothing was sent", then: "Ask again; if you used a name, use the device's id."},
		approvals.DeviceNotFound:  {"Defender does not know this device", true, "Check its id or name in the portal."},
		approvals.DeviceAmbiguous: {"More than one device has this name", true, "Ask again with the id of the one you mean."},
		approvals.DevicesTooMany:  {"Too many devices have this name to choose from", true, "Ask again with more of the name, such as its domain, or with the device's id."},
		approvals.NearNames:       {"Devices with similar names", true, ""},
		approvals.ChoiceTimeout:   {"You did not choose one of the devices with this name in time", true, "Nothing was sent. " + again},
		approvals.DeviceMerged:    {"Defender has merged this device into another one", true, "Ask again with that id."},
		approvals.DeviceExcluded:  {"This device is excluded in Defender", true, "It needs to be included again in the portal first."},
		approvals.DeviceTwice:     {"Two of the devices are the same device", true, "Name it once and ask again."},
		approvals.NameUnread:      {"I could not look this name up in Defender", true, "Use the device's id: that works without looking it up."},
		approvals.DeviceUnread:    {"I could not look this device up in Defender", true, "Or ask with the device's id: then it goes to approval as “not verified”."},

		approvals.PackageWaits:    {what: "Microsoft's limit for links to packages is used up for now", then: "Press the button again in a minute."},
		approvals.PackageNotReady: {what: "Defender does not have this package, or not yet", then: "Press the button again in a minute; if it stays that way, look at the device's Action center in the portal."},
		approvals.PackageRole:     {"Defender does not let this bot fetch packages: its registration lacks an application role", true, "An Entra administrator needs to grant Machine.ReadWrite.All; an older page of Microsoft says that Machine.Read.All is enough. Until then, get it in the portal from the device's Action center."},
		approvals.PackageUnread:   {what: "Defender gave me no link to the package", then: "Press the button again in a minute."},

		approvals.ChannelReadOnly:     {what: "This channel is read-only for me, so nobody would see the card", then: "Whoever manages the channel can let me post; otherwise ask in another one."},
		approvals.ThreadsOnly:         {what: "This channel allows only replies in threads, so I cannot post the card", then: "Ask in another channel."},
		approvals.PostingRestricted:   {what: "A setting of this channel or workspace stops me from posting here", then: "Whoever manages the channel can change who may post; otherwise ask in another one."},
		approvals.ChannelLimited:      {what: "This channel belongs to a Salesforce record that I may not see, so I cannot post here", then: "Ask in another channel."},
		approvals.PostingSuspended:    {what: "A Slack administrator has suspended posting in this channel", then: "Ask them how long for, or use another channel."},
		approvals.WorkspaceNotGranted: {what: "Your organisation has not given me access to this channel's workspace", then: "A Slack administrator can grant it; otherwise ask in a channel of another workspace."},
		approvals.NotPermitted:        {"Slack does not allow me to post here", true, "I may have to be invited with /invite first; if that does not help, ask a Slack administrator."},
		approvals.MissingScope:        {"Slack does not let me post, because the app lacks a scope", true, "Whoever runs this bot needs to add it and reinstall the app."},
		approvals.NetworkNotAllowed:   {what: "Slack does not accept messages from the network I run in", then: "A Slack administrator needs to allow it."},
		approvals.MessageLimit:        {what: "This workspace has reached the message limit of its plan, so I cannot post the card", then: "An owner of the workspace needs to raise it."},
		approvals.CardRefused:         {"Slack rejected the card I made, which is my mistake", true, "Tell whoever runs this bot: the log has the details."},
		approvals.SlackRefused:        {"Slack keeps refusing the card, for a reason I do not know", true, "Tell whoever runs this bot."},

		approvals.Frozen:             {what: "An approver has frozen all calls", detail: true},
		approvals.WaitsForWindow:     {what: "Microsoft's limit for this action is used up for now"},
		approvals.ReadsUsedUp:        {what: "Microsoft limits look-ups, and too many were made just now"},
		approvals.Throttled:          {what: "Defender is throttling calls right now"},
		approvals.Paused:             {what: "Calls like this one are paused for now"},
		approvals.NotReached:         {what: "Defender cannot be reached", detail: true},
		approvals.ServiceTrouble:     {what: "Defender has a problem on its side", detail: true},
		approvals.BadAnswer:          {"I could not make sense of Defender's answer", true, "Whoever runs this bot should check DEFENDER_API_URL and any proxy in between."},
		approvals.NotShown:           {what: "Defender does not show it at the moment"},
		approvals.HeldUp:             {what: "I was delayed, so it has not been sent yet"},
		approvals.NoToken:            {"I cannot sign in to Defender", true, "Whoever runs this bot should check its credential."},
		approvals.LoginTrouble:       {what: "Microsoft's login service is not answering as it should", detail: true},
		approvals.TokenRefused:       {"Defender does not accept my access token", true, "Whoever runs this bot should check DEFENDER_CLOUD, DEFENDER_SCOPE and the tenant."},
		approvals.NotDurable:         {what: "My database (Redis) could not confirm that the call is stored safely, so it was not sent", then: "Tell whoever runs this bot."},
		approvals.ApproverUnchecked:  {what: "Slack could not confirm that the approver may still approve"},
		approvals.ApproverGone:       {what: "Somebody who approved it is no longer an approver of this action", then: retry},
		approvals.ApproverOwnHand:    {what: "Somebody who approved it joined the approver group after this was asked, and the last change to the group was theirs or the requester's, so nothing was sent", then: retry},
		approvals.RequesterUnchecked: {what: "Slack could not confirm that the requester may still ask"},
		approvals.RequesterGone:      {what: "The requester can no longer make requests (deactivated, or removed from the list), so nothing was sent", then: "If it is still needed, request it yourself."},
		approvals.ForcerUnchecked:    {what: "Slack could not confirm that whoever acts alone is still an approver"},
		approvals.ForcerGone:         {what: "Whoever acted alone is no longer an approver of this action, or break-glass was switched off since, so nothing was sent", then: "If it is still needed, ask for it yourself."},
		approvals.ExecutionLapsed:    {what: "The approval ran out before Defender took it", then: retry},
		approvals.TookTooLong:        {what: "I stopped tracking it before I could see how it ended", then: "Check the Defender portal."},
		approvals.AnswerLost:         {"It was sent, but no usable answer came back", true, ""},
		approvals.OwnerLost:          {what: "The bot stopped while it was sending this"},
		approvals.SetBack:            {what: "My database (Redis) lost its last changes, so I cannot tell what has become of this request", then: "Look at the device in the portal; if nothing was started there, ask again."},
		approvals.RolledBack:         {what: "My database (Redis) lost its last changes, so I cannot tell whether this was sent already"},
		approvals.NotStarted:         {what: "Defender shows no sign that it started", then: retry},
		approvals.SeveralFound:       {what: "Several investigations on this device could be it, and I cannot tell which", then: "Check the Defender portal."},

		approvals.AlreadyRunning: {"Defender already has an action of this kind open on this device", true, "Wait until it ends, then try again."},
		approvals.NoSuchDevice:   {"Defender no longer knows this device", true, "Check its id in the portal."},
		approvals.UnsupportedOS:  {"Defender does not support this on the device's operating system", true, ""},
		approvals.MissingRole:    {"This bot's registration lacks an application role", true, "An Entra administrator needs to grant it."},
		approvals.Licence:        {"Your Defender licence or settings do not allow this", true, "A Defender administrator can change that."},
		approvals.Disallowed:     {"Defender does not allow this", true, "A Defender administrator can say why."},
		approvals.Ended:          {"Defender refused it, because Microsoft has ended this action; it is not the device's fault", true, "Ask for what replaces it."},
		approvals.ReadsEnded:     {what: "Defender no longer shows investigations, which Microsoft has ended, so I cannot see how this one ends", then: "Look at the device in the portal."},
		approvals.Refused:        {"Defender refused it", true, "Look at the device in the portal."},
		approvals.Ran:            {what: "It ran"},
	}
}

// mostDetail is how many characters of what belongs to a reason are shown. The
// longest host name and three ids fit.
const mostDetail = 400

// sentence says a reason to a person, and what to do about it.
func sentence(w approvals.Why) string {
	s, ok := sayings()[w.Reason]
	detail := cut(strings.Trim(oneLine(w.Detail), " .,;:"), mostDetail)
	switch {
	case !ok:
		s = saying{what: "This version of the bot does not know the reason", detail: true}
		detail = string(w.Reason)
	case w.Reason == approvals.ExecutionLapsed && w.Cause != nil:
		s.then = "What held it up last: " + sentence(*w.Cause) + " " + s.then
	case w.Cause != nil && signIn(w.Cause.Reason):
		s.then = sentence(*w.Cause) + " Until then nothing can be sent either."
	case w.Cause != nil:
		s.then = sentence(*w.Cause) + " " + s.then
	}
	if s.detail && detail != "" {
		s.what += ": " + detail
	}
	return strings.TrimSpace(stop(s.what) + " " + s.then)
}

// signIn reports whether a reason is about the access token, without which nothing
// works.
func signIn(r approvals.Reason) bool {
	return r == approvals.NoToken || r == approvals.LoginTrouble || r == approvals.TokenRefused
}

// stop ends s with one full stop, unless it has an end of its own.
func stop(s string) string {
	s = strings.TrimRight(s, " .,;:")
	if s == "" || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}
