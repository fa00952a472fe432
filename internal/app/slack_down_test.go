package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"defenderbot/bot"
	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

func TestSlackDownAtStart(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	mend := p.Slack.Break(slackfake.Fault{Method: "auth.test", Status: 503})
	l := launch(t, p, p.Env())
	l.log.wait(t, "check failed", `"check":"slack"`, "503")
	l.notReady(t, "slack: ", "503")
	mend()
	l.becomes(t, p)
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// TestSlackRefuses starts with a token that no waiting mends.
func TestSlackRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault slackfake.Fault
		want  []string
	}{
		{"bot token", slackfake.Fault{Method: "auth.test", Error: "invalid_auth"}, []string{"invalid_auth", "SLACK_BOT_TOKEN"}},
		{"app token", slackfake.Fault{Method: "apps.connections.open", Error: "token_revoked"}, []string{"token_revoked", "SLACK_APP_TOKEN"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, redistest.Mini(t).Addr(), nil)
			p.Slack.Break(tt.fault)
			l := launch(t, p, p.Env())
			select {
			case err := <-l.ended:
				if !errors.Is(err, bot.ErrPermanent) {
					t.Fatalf("ended with %v, want ErrPermanent", err)
				}
				says(t, "error", err.Error(), tt.want...)
			case <-limit(t).Done():
				t.Fatal("the bot goes on")
			}
		})
	}
}

// TestHandles resolves the handle of a user group at the start, and stays not
// ready while there is none.
func TestHandles(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.Approvers = "@soc"
	l := launch(t, p, env)
	l.log.wait(t, "check failed", "there is no user group @soc")
	l.notReady(t, "APPROVERS", "there is no user group @soc")
	p.Slack.AddGroup(slackfake.Group{ID: "S0SOC", Handle: "soc", Members: []string{sandbox.Ben}})
	l.becomes(t, p)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "somebody else", click(t, p, sandbox.Grace, c, "approve"), "not an approver")
	click(t, p, sandbox.Ben, c, "approve")
	card(t, p, id, "Succeeded")
}

// TestBotRemoved takes the bot out of the channel between command and card:
// nobody could decide, so the request is rejected and the requester told.
func TestBotRemoved(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	p.Defender.Down() // so that the card cannot be posted yet
	id := ask(t, p, sandbox.Ada, "investigate "+sandbox.Server+" why")
	if err := p.Slack.ChangeChannel(sandbox.Incident, func(c *slackfake.Channel) { c.Bot = false }); err != nil {
		t.Fatal(err)
	}
	if err := p.Defender.Up(); err != nil {
		t.Fatal(err)
	}
	told(t, p, sandbox.Ada, id, "Not submitted for approval", "/invite")
	if got := held(t, p); len(got) != 0 {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	nothingSent(t, p)
}

// TestFactsUnknown cannot ask Slack who somebody is: no facts, no yes.
func TestFactsUnknown(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"users.info", "conversations.info", "usergroups.list"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			p := open(t, "", embedded)
			run(t, p, p.Env(), app.Options{})
			skip(t, p, time.Minute) // what the start found out is too old
			mend := p.Slack.Break(slackfake.Fault{Method: method, Status: 500})
			text := "investigate " + sandbox.Server + " why"
			says(t, "answer", command(t, p, sandbox.Ada, sandbox.Incident, text), "Slack could not tell me")
			if got := held(t, p); got != nil {
				t.Errorf("Redis holds %q, want nothing", got)
			}
			mend()
			pending(t, p, text)
		})
	}
}

// TestCardLost deletes the card: another one is posted at the next change.
func TestCardLost(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.ApprovalsRequired = "2" })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	mend := p.Slack.Break(slackfake.Fault{Method: "chat.update", Error: "message_not_found", Times: 1})
	defer mend()
	click(t, p, sandbox.Grace, c, "approve")
	again := card(t, p, id, "Approved by <@"+sandbox.Grace+">")
	if again.TS == c.TS {
		t.Errorf("the card is still message %s", c.TS)
	}
	click(t, p, sandbox.Joan, again, "approve")
	if done := card(t, p, id, "Succeeded"); done.TS != again.TS || strings.Contains(string(done.Blocks), `"action_id"`) {
		t.Errorf("the end stands in message %s (buttons %s), want %s without buttons", done.TS, done.Blocks, again.TS)
	}
}

// TestSlackSilentLater has Slack's Web API fail while its sockets stay open and nobody
// uses the bot: it is not ready until Slack answers.
func TestSlackSilentLater(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	mend := p.Slack.Break(slackfake.Fault{Method: "auth.test", Status: 503})
	skip(t, p, 61*time.Second)
	l.log.wait(t, `"level":"WARN"`, "token check failed", "503")
	l.notReady(t, "slack: ", "503")
	mend()
	skip(t, p, 61*time.Second)
	l.becomes(t, p)
}
