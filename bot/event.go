package bot

import (
	"context"
	"regexp"
)

// event is what is read of an event
// (https://docs.slack.dev/reference/events/app_home_opened).
type event struct {
	Team  string `json:"team_id"`
	Event struct {
		Type string `json:"type"`
		User string `json:"user"`
		Tab  string `json:"tab"`
	} `json:"event"`
}

// homeOpened is the one event that the bot wants to hear of.
const homeOpened = "app_home_opened"

// personID is the form of a person's id.
var personID = regexp.MustCompile(`^[UW][A-Z0-9]{1,30}$`)

// event takes note of a home that was opened. What could not be noted is not acknowledged:
// Slack sends it again. Other events are of no interest.
func (b *Bot) event(ctx context.Context, e Envelope, v event) {
	opened := v.Event.Type == homeOpened && v.Event.Tab == "home" && v.Team == b.workspace.Team() && personID.MatchString(v.Event.User)
	if !opened || b.homes == nil {
		b.ack(e, nil)
		return
	}
	limited, cancel := context.WithTimeout(ctx, b.left(e, ackBudget))
	defer cancel()
	if err := b.desk.OpenHome(limited, v.Event.User); err != nil {
		b.log.WarnContext(ctx, "opened home not noted", "envelope", e.ID, "user", v.Event.User, "error", err)
		return
	}
	b.ack(e, nil)
}
