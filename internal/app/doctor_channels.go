package app

import (
	"context"
	"errors"
	"fmt"

	"defenderbot/approvals"
	"defenderbot/bot"
)

// mostChannels is how many channels are looked at: Slack allows about fifty look-ups a
// minute, and commands need some of them
// (https://docs.slack.dev/reference/methods/conversations.info).
const mostChannels = 20

// channels says where cards or alerts could not be posted. Whether they can, only a post
// would show.
func (a *App) channels(ctx context.Context, slack *bot.Workspace) (found []Finding) {
	all, add := a.config.Channels, func(grade Grade, says, mend string) {
		found = append(found, Finding{About: "slack channels", Grade: grade, Says: says, Mend: mend})
	}
	useless, more := 0, max(len(all)-mostChannels, 0)
	for i, id := range all[:len(all)-more] {
		ch, err := slack.Channel(ctx, id)
		if isLimit(err) { // the look-ups that there are commands need
			more = len(all) - i
			break
		}
		if grade, says, mend := a.channel(id, ch, err, true); grade != Well {
			add(grade, "CHANNELS: "+says, mend)
			if grade == Doubt {
				useless++
			}
		}
	}
	if useless > 0 && useless == len(all) {
		add(Wrong, "CHANNELS: the bot can take commands in none of them", "fix at least one of them")
	}
	if id := a.config.AlertChannel; id != "" {
		ch, err := slack.Channel(ctx, id)
		if grade, says, mend := a.channel(id, ch, err, false); grade != Well {
			add(grade, "ALERT_CHANNEL: "+says, mend)
		}
	}
	if more > 0 {
		add(Unknown, fmt.Sprintf("CHANNELS: %d more were not checked, because Slack limits look-ups", more), "type /defender help in each of them")
	}
	if len(found) == 0 {
		says := "the bot takes commands in every channel that it is in"
		if len(all) > 0 {
			says = fmt.Sprintf("the bot is in every channel that CHANNELS names (%d)", len(all))
		}
		add(Well, says, "")
	}
	return found
}

// isLimit reports whether Slack wants to be left alone.
func isLimit(err error) bool {
	_, is := errors.AsType[*approvals.Later](err)
	return is
}

// channel says what is in the way in one channel, which has to be one for commands or for
// alerts.
func (a *App) channel(id string, ch approvals.Channel, err error, commands bool) (grade Grade, says, mend string) {
	const another = "name another channel"
	_, withheld := errors.AsType[*approvals.Withheld](err)
	switch {
	case withheld:
		return Doubt, fmt.Sprintf("Slack refuses to show %s: %v", id, err), "give the app the missing scope, or " + another
	case err != nil:
		return Unknown, fmt.Sprintf("%s could not be looked up: %v", id, err), "try again later"
	case ch.Direct:
		return Doubt, id + " is a direct message", another
	case ch.Archived:
		return Doubt, id + " is archived", "unarchive it, or " + another
	case !ch.Member:
		return Doubt, "the bot is not in " + id + ", or there is no such channel", "type /invite @defenderbot there, or " + another
	case commands && ch.Shared && !a.config.AllowShared:
		return Doubt, id + " is shared with another organisation, so no command is taken there",
			"set ALLOW_SHARED_CHANNELS=true if its members may see what is asked, or " + another
	case ch.Restricted:
		return Unknown, "not everybody may post in " + id + ", and Slack does not say whether the bot may",
			"check in the channel's posting permissions that the bot is among those who may"
	}
	return Well, "", ""
}
