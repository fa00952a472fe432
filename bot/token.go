package bot

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/slack-go/slack"
)

// Check asks whether Slack still takes the bot token. An [ErrPermanent] is a no;
// any other error is no answer.
func (w *Workspace) Check(ctx context.Context) error {
	_, err := w.whoAmI(ctx)
	return err
}

// Doubts gets an error when a call was refused in a way that says that the token
// is not good any more. One call can be wrong about that: [Workspace.Check] knows.
func (w *Workspace) Doubts() <-chan error { return w.doubts }

// doubt passes on that a call was refused because of the token. Who was told once
// and has not looked yet need not be told again.
func (w *Workspace) doubt(code string) {
	offer(w.doubts, fmt.Errorf("slack refused the bot token: %s", code))
}

// whoAmI asks whose the bot token is. One with which the bot can never work is an
// [ErrPermanent].
func (w *Workspace) whoAmI(ctx context.Context) (*slack.AuthTestResponse, error) {
	me, err := w.api.AuthTestContext(ctx)
	if err != nil {
		return nil, permanent(fmt.Errorf("auth.test: %w", err), "check SLACK_BOT_TOKEN and that the app is installed")
	}
	if lacking := vitalLacking(scopesIn(me.Header.Get("X-Oauth-Scopes"))); len(lacking) > 0 {
		return nil, fmt.Errorf("%w: SLACK_BOT_TOKEN lacks the scope %s; add what is missing under OAuth & Permissions and reinstall the app",
			ErrPermanent, strings.Join(lacking, "; "))
	}
	return me, nil
}

// aboutWorkspace is an error where an answer of auth.test is not about one
// workspace. With a token of a whole organisation every command would seem to come
// from another workspace
// (https://docs.slack.dev/enterprise/organization-ready-apps).
func aboutWorkspace(answer map[string]any) error {
	team, _ := answer["team_id"].(string)
	if everywhere, _ := answer["is_enterprise_install"].(bool); !everywhere && !strings.HasPrefix(team, "E") {
		return nil
	}
	return fmt.Errorf("%w: SLACK_BOT_TOKEN is of an installation in a whole organisation (%s), and this bot works in one workspace; "+
		"install the app in that workspace and use the token from there", ErrPermanent, team)
}

// ownApp is how an app-level token names its app: xapp-1-A0123456789-...
var ownApp = regexp.MustCompile(`^xapp-[0-9]+-(A[A-Z0-9]+)-`)

// appOf is the id of the app, of which both tokens must be: what Slack says of the
// bot (https://docs.slack.dev/reference/methods/bots.info), and what the app-level
// token says of itself. With tokens of two apps the bot would hear the commands of
// one and could answer for the other only. All that is stored stands under the id,
// so it does not depend on what can be asked just now.
func (w *Workspace) appOf(ctx context.Context, token string) (string, error) {
	named := ""
	if found := ownApp.FindStringSubmatch(token); found != nil {
		named = found[1]
	}
	bot, err := w.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: w.botID})
	switch {
	case named != "" && isSlackError(err, "unknown_method"): // Slack's own Web API has it; what stands in for it may not
		return named, nil
	case err != nil:
		return "", permanent(fmt.Errorf("bots.info: %w", err), "check that the app has users:read")
	case named != "" && named != bot.AppID:
		return "", otherApp(named, bot.AppID)
	}
	return bot.AppID, nil
}

// otherApp is the error for tokens of two apps.
func otherApp(sockets, bot string) error {
	return fmt.Errorf("%w: SLACK_APP_TOKEN is of the app %s and SLACK_BOT_TOKEN of the app %s; take both from one app", ErrPermanent, sockets, bot)
}
