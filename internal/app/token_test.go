package app_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/bot"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestTokenDies takes the bot token away from a bot that runs: it ends as it
// would at the start, and is not ready until then.
func TestTokenDies(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(*testing.T, *sandbox.Place){
		"somebody types": func(t *testing.T, p *sandbox.Place) {
			t.Helper()
			command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Server+" why")
		},
		"nobody uses the bot": func(t *testing.T, p *sandbox.Place) {
			t.Helper()
			skip(t, p, 61*time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			l := launch(t, p, p.Env())
			l.becomes(t, p)
			p.Slack.Revoke("account_inactive")
			happens(t, p)
			select {
			case err := <-l.ended:
				if !errors.Is(err, bot.ErrPermanent) {
					t.Fatalf("ended with %v, want ErrPermanent", err)
				}
				says(t, "error", err.Error(), "account_inactive", "SLACK_BOT_TOKEN")
			case <-limit(t).Done():
				t.Fatal("the bot goes on")
			}
			l.notReady(t, "slack: ", "account_inactive")
			if text := l.Ready(context.Background()).Error(); strings.Contains(text, "asked about again") {
				t.Errorf("of a dead token it says %q", text)
			}
		})
	}
}

// TestTokenDoubted has one call refused because of a token that Slack takes: the
// bot is not ready until it has asked, and goes on.
func TestTokenDoubted(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	silent := p.Slack.Break(slackfake.Fault{Method: "auth.test", Status: http.StatusServiceUnavailable})
	p.Slack.Break(slackfake.Fault{Method: "users.info", Error: "invalid_auth", Times: 1})
	command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Server+" why")
	skip(t, p, 10*time.Second)
	l.log.wait(t, "token check failed", "503", "invalid_auth")
	l.notReady(t, "slack: ", "invalid_auth")
	silent()
	skip(t, p, 10*time.Second)
	l.log.wait(t, "token works although")
	l.becomes(t, p)
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// TestTokenDiesWhileStarting: for what the start waits is all the same.
func TestTokenDiesWhileStarting(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*app.Env){
		"for a group": func(e *app.Env) { e.Approvers = "@notyet" },
		"for Redis":   func(e *app.Env) { e.RedisURL = "redis://127.0.0.1:1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			env := p.Env()
			change(&env)
			l := launch(t, p, env)
			l.log.wait(t, "check failed")
			p.Slack.Revoke("account_inactive")
			skip(t, p, 10*time.Minute)
			select {
			case err := <-l.ended:
				if !errors.Is(err, bot.ErrPermanent) {
					t.Errorf("ended with %v", err)
				}
			case <-limit(t).Done():
				t.Error("goes on with a dead token")
			}
		})
	}
}
