package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/bot"
)

// mostSockets is how many sockets Slack allows an app, over all processes
// (https://docs.slack.dev/apis/events-api/using-socket-mode).
const mostSockets = 10

// socketMode says what came of asking for a socket.
func socketMode(err error) []Finding {
	const about = "slack socket mode"
	switch {
	case err == nil:
		return []Finding{{About: about, Grade: Well, Says: "on"}}
	case errors.Is(err, bot.ErrPermanent):
		return []Finding{{
			About: about, Grade: Wrong, Says: err.Error(),
			Mend: "switch Socket Mode on in the app's settings, and check that SLACK_APP_TOKEN is an app-level token of this app with connections:write",
		}}
	}
	return []Finding{{About: about, Grade: Unknown, Says: err.Error(), Mend: "check that this host can reach SLACK_API_URL, and try again"}}
}

// sockets counts those that the replicas need, by what they have written down
// themselves.
func (a *App) sockets(ctx context.Context, store *ledger.Store) (found []Finding) {
	const about = "slack sockets"
	census, err := store.Census(ctx)
	if err != nil {
		return []Finding{{About: about, Grade: Unknown, Says: err.Error(), Mend: mendRedis}}
	}
	if g := census.Greeting; g.Named > g.Ours {
		found = append(found, Finding{
			About: about, Grade: Doubt, Mend: "give the other deployment or program a Slack app of its own",
			Says: fmt.Sprintf("at %s Slack counted %d sockets of this app, and the replicas had only %d of them: others take some of the commands and clicks",
				g.At.UTC().Format(time.RFC3339), g.Named, g.Ours),
		})
	}
	each, n := a.config.SlackConnections, census.Processes
	says := fmt.Sprintf("replicas in the last 45 seconds: %d, with %d sockets each; Slack allows %d in all", n, each, mostSockets)
	f := Finding{About: about, Grade: Well, Says: says}
	switch mend := "lower SLACK_CONNECTIONS, or run fewer replicas"; {
	case n*each > mostSockets:
		f = Finding{About: about, Grade: Doubt, Says: says + ": that is not enough, unless some of the replicas have just stopped", Mend: mend}
	case n > 0 && (n+1)*each > mostSockets:
		f = Finding{About: about, Grade: Doubt, Says: says + ": that leaves no room for one more replica during an update", Mend: mend}
	}
	return append(found, f)
}

// scopes compares those of the bot token with those that are needed.
func scopes(granted []string) (found []Finding) {
	const about = "slack scopes"
	if len(granted) == 0 {
		return []Finding{{
			About: about, Grade: Unknown, Says: "Slack's answer does not list the scopes of SLACK_BOT_TOKEN",
			Mend: "compare the app's bot scopes with those of slack-manifest.yaml",
		}}
	}
	for _, s := range bot.Lacking(granted) {
		found = append(found, Finding{
			About: about, Grade: Doubt, Says: fmt.Sprintf("SLACK_BOT_TOKEN lacks %s (%s)", s.Name, s.For),
			Mend: "add it to the app's bot scopes (OAuth & Permissions) and install the app again",
		})
	}
	if spare := bot.Spare(granted); len(spare) > 0 {
		found = append(found, Finding{
			About: about, Grade: Doubt, Says: "SLACK_BOT_TOKEN has scopes that the bot does not need: " + strings.Join(spare, ", "),
			Mend: "unless another program needs them, remove them from the app's bot scopes (OAuth & Permissions) and install the app again: then a stolen token can do less",
		})
	}
	if len(found) == 0 {
		found = append(found, Finding{About: about, Grade: Well, Says: "all that are needed and no others"})
	}
	return found
}
