package app_test

import (
	"strings"
	"testing"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// form presses Deny and returns the form that opens.
func form(t *testing.T, p *sandbox.Place, user string, c slackfake.Message) slackfake.View {
	t.Helper()
	out, err := p.Slack.Click(limit(t), user, c.Channel, c.TS, "deny")
	if err != nil || !out.Acked {
		t.Fatalf("deny: %v, acknowledged %v", err, out.Acked)
	}
	views := p.Slack.Views(user)
	if len(views) != 1 {
		t.Fatalf("%d forms are open, want one", len(views))
	}
	return views[0]
}

func TestDeny(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "deny by the requester", click(t, p, sandbox.Ada, c, "deny"), "your own request")
	says(t, "deny by somebody else", click(t, p, sandbox.Ben, c, "deny"), "not an approver")

	v := form(t, p, sandbox.Grace, c)
	for _, none := range []string{"", " \n", "\u200b"} {
		out, err := p.Slack.Submit(limit(t), sandbox.Grace, v.ID, map[string]string{"text": none})
		if err != nil || len(out.Errors) == 0 || out.Closed {
			t.Errorf("no reason (%q): %v, errors %v, closed %v; want the form open with an error", none, err, out.Errors, out.Closed)
		}
	}
	card(t, p, id, "Waiting for approval")
	out, err := p.Slack.Submit(limit(t), sandbox.Grace, v.ID, map[string]string{"text": "wrong host, <!channel>"})
	if err != nil || !out.Closed {
		t.Fatalf("with a reason: %v, errors %v, closed %v", err, out.Errors, out.Closed)
	}
	told(t, p, sandbox.Grace, "You denied "+id)
	card(t, p, id, "Denied", "Denied by <@"+sandbox.Grace+">", "wrong host, &lt;!channel&gt;")
	thread(t, p, c, "<@"+sandbox.Ada+">", "Denied", "wrong host")
	says(t, "approve afterwards", late0(t, p, sandbox.Joan, c, "approve"), id, "already denied by grace")
	nothingSent(t, p)
}

// late0 presses a button of the first version of a card, which a screen that
// lags still shows.
func late0(t *testing.T, p *sandbox.Place, user string, c slackfake.Message, action string) string {
	t.Helper()
	before := len(p.Slack.Ephemerals(user))
	out, err := p.Slack.ClickVersion(limit(t), user, c.Channel, c.TS, action, 0)
	if err != nil || !out.Acked {
		t.Fatalf("%s: %v, acknowledged %v", action, err, out.Acked)
	}
	if err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Ephemerals(user)) > before }); err != nil {
		t.Fatalf("%s got no answer", user)
	}
	said := p.Slack.Ephemerals(user)
	return said[len(said)-1].Text
}

// TestDenyTooLate submits a form for a request that was decided while it was
// being filled in.
func TestDenyTooLate(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	v := form(t, p, sandbox.Grace, c)
	click(t, p, sandbox.Joan, c, "approve")
	out, err := p.Slack.Submit(limit(t), sandbox.Grace, v.ID, map[string]string{"text": "wrong host"})
	if err != nil || out.Closed || len(out.Errors) != 1 {
		t.Fatalf("%v, errors %v, closed %v; want the form open with an error", err, out.Errors, out.Closed)
	}
	for _, e := range out.Errors {
		says(t, "the form", e, id, "already approved by joan")
	}
	card(t, p, id, "Succeeded")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		who, says string
		taken     bool
	}{
		{sandbox.Ada, "You cancelled", true},
		{sandbox.Joan, "You cancelled", true},
		{sandbox.Ben, "Only the requester or an approver", false},
	} {
		t.Run(tt.who, func(t *testing.T) {
			t.Parallel()
			p := start(t, nil, nil)
			id, c := pending(t, p, "investigate "+sandbox.Server+" why")
			says(t, "answer", click(t, p, tt.who, c, "cancel"), tt.says)
			if !tt.taken {
				click(t, p, sandbox.Grace, c, "approve")
				card(t, p, id, "Succeeded")
				return
			}
			card(t, p, id, "Cancelled by <@"+tt.who+">")
			says(t, "approve afterwards", late0(t, p, sandbox.Grace, c, "approve"), id, "already cancelled by")
			nothingSent(t, p)
		})
	}
}

func TestTwoApprovers(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.ApprovalsRequired = "2" })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	says(t, "the first", click(t, p, sandbox.Grace, c, "approve"), "1 of 2")
	c = card(t, p, id, "Waiting for approval", "Approved by <@"+sandbox.Grace+">", "1 of 2 given, 1 more needed")
	says(t, "the first again", click(t, p, sandbox.Grace, c, "approve"), "You have already approved this")
	says(t, "the requester", click(t, p, sandbox.Ada, c, "approve"), "your own request")
	nothingSent(t, p)
	says(t, "the second", click(t, p, sandbox.Joan, c, "approve"), "You approved "+id)
	card(t, p, id, "Succeeded", "Approved by <@"+sandbox.Grace+">", "Approved by <@"+sandbox.Joan+">")
	if n := posts(p, defenderfake.StartInvestigation); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	p := start(t, nil, func(e *app.Env) { e.ApprovalTTL = "3s" })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	thread(t, p, c, id, "Nobody has decided yet", "<!subteam^"+sandbox.OnCall+">")
	done := card(t, p, id, "Expired", "Nobody decided in time", "Nothing was sent")
	if n := strings.Count(string(done.Blocks), `"action_id"`); n != 1 || !strings.Contains(string(done.Blocks), `"action_id":"ask"`) {
		t.Errorf("the expired card has %d buttons, want one to ask again: %s", n, done.Blocks)
	}
	thread(t, p, c, "<@"+sandbox.Ada+">", "Expired")
	says(t, "approve afterwards", late0(t, p, sandbox.Grace, c, "approve"), id, "expired")
	if got := held(t, p); len(got) != 0 {
		t.Errorf("Redis holds %q, want nothing", got)
	}
	nothingSent(t, p)
}

// TestRedelivery sends the envelopes of a command and of a click again: each
// happens once.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nil)
	out, err := p.Slack.Command(limit(t), sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Server+" why")
	if err != nil || out.Answer == nil {
		t.Fatalf("%v, answer %v", err, out.Answer)
	}
	id := requestID.FindString(out.Answer.Text)
	again, err := p.Slack.Redeliver(limit(t), out.EnvelopeID)
	if err != nil || !again.Acked {
		t.Fatalf("the command again: %v, acknowledged %v", err, again.Acked)
	}
	says(t, "the command again", string(again.Payload), "Recorded as "+id)
	c := card(t, p, id, "Waiting for approval")
	pressed, err := p.Slack.Click(limit(t), sandbox.Grace, c.Channel, c.TS, "approve")
	if err != nil {
		t.Fatal(err)
	}
	if again, err = p.Slack.Redeliver(limit(t), pressed.EnvelopeID); err != nil || !again.Acked {
		t.Fatalf("the click again: %v, acknowledged %v", err, again.Acked)
	}
	card(t, p, id, "Succeeded")
	if n := posts(p, defenderfake.StartInvestigation); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
	if cards := p.Cards(sandbox.Incident); len(cards) != 1 {
		t.Errorf("%d cards, want 1", len(cards))
	}
}
