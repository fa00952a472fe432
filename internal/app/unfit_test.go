package app_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"defenderbot/bot"
	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestUnfitTokens starts with tokens with which no command could ever be answered:
// the bot ends and says what to do.
func TestUnfitTokens(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		options func(*slackfake.Options)
		want    []string
	}{
		"an app-level token of another app": {
			func(o *slackfake.Options) { o.BotApp = "A0ANOTHER" },
			[]string{"SLACK_APP_TOKEN is of the app A0DEFENDER", "SLACK_BOT_TOKEN of the app A0ANOTHER", "one app"},
		},
		"an installation in the whole organisation": {
			func(o *slackfake.Options) { o.EnterpriseID, o.OrgInstall = "E0ORG", true },
			[]string{"whole organisation (E0ORG)", "install the app in that workspace"},
		},
		"a token without what every request needs": {
			func(o *slackfake.Options) { o.Scopes = []string{"commands", "chat:write", "usergroups:read"} },
			[]string{"lacks the scope users:read (whether a person is", "; channels:read or groups:read (whether the bot is", "reinstall the app"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), func(o *sandbox.Options) { tt.options(&o.Slack) })
			l := launch(t, p, p.Env())
			err := l.ends(t)
			if !errors.Is(err, bot.ErrPermanent) {
				t.Fatalf("ended with %v, want ErrPermanent", err)
			}
			says(t, "error", err.Error(), tt.want...)
		})
	}
}

// TestUnfitRequesters has REQUESTERS that name nobody: with groups alone the bot
// does not start; with somebody by id beside a dead group it works for them, and
// operators hear of the group.
func TestUnfitRequesters(t *testing.T) {
	t.Parallel()
	const gone = "S0GONE1"
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Requesters = gone
	err := launch(t, p, env).ends(t)
	if err == nil {
		t.Fatal("it ended without an error")
	}
	says(t, "error", err.Error(), "REQUESTERS", gone+": a user group that Slack refuses", "no_such_subteam")

	env.Requesters, env.HTTPAddr = gone+","+sandbox.Ada, freeAddr(t)
	l := launch(t, p, env)
	l.becomes(t, p)
	l.log.wait(t, `"level":"WARN"`, "list entry does not count", "REQUESTERS", gone, "no_such_subteam")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready\n", "REQUESTERS", gone+": a user group that Slack refuses")
	says(t, "somebody who might be in the group", command(t, p, sandbox.Ben, sandbox.Incident, "investigate "+sandbox.Server+" why"),
		"Slack will not let me check", "no_such_subteam", "Trying again will not help")
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// TestUnfitRequestersLater takes the only group of requesters away while the bot
// runs: it is not ready until the group is back.
func TestUnfitRequestersLater(t *testing.T) {
	t.Parallel()
	p := open(t, "", embedded)
	env := p.Env()
	env.Approvers, env.Requesters, env.HTTPAddr = sandbox.Grace, sandbox.OnCall, freeAddr(t)
	l := launchWith(t, p, env, app.Options{RosterEvery: 10 * time.Millisecond})
	l.becomes(t, p)
	off := func(is bool) {
		t.Helper()
		if err := p.Slack.ChangeGroup(sandbox.OnCall, func(g *slackfake.Group) { g.Disabled = is }); err != nil {
			t.Fatal(err)
		}
		skip(t, p, time.Minute)
	}
	off(true)
	l.log.wait(t, `"level":"WARN"`, "list entry does not count", "REQUESTERS", sandbox.OnCall)
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusServiceUnavailable, "not ready: ", "REQUESTERS: nobody on the list may ask: "+sandbox.OnCall+": a user group without active members")
	off(false)
	l.log.wait(t, `"level":"INFO"`, "list entry counts again", "REQUESTERS")
	l.becomes(t, p)
}
