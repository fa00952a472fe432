package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"defenderbot/approvals"
	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// unhurried is a place in which a call runs until the test lets time pass.
func unhurried(t *testing.T) *sandbox.Place {
	t.Helper()
	return open(t, "", func(o *sandbox.Options) {
		embedded(o)
		o.Defender.RunFor = time.Hour
	})
}

// runs waits until a call runs and its card says so finally: what is saved later
// would put off when Defender is asked.
func runs(t *testing.T, p *sandbox.Place, id string) {
	t.Helper()
	stands(t, p, id, func(r approvals.Request) bool { return running(r) && r.Card.Shown == r.Visible })
}

// running reports whether the only call of a request runs.
func running(r approvals.Request) bool {
	return len(r.Calls) == 1 && r.Calls[0].State == approvals.Running
}

// stands waits until a record is as said.
func stands(t *testing.T, p *sandbox.Place, id string, is func(approvals.Request) bool) {
	t.Helper()
	often := time.NewTicker(20 * time.Millisecond) // nobody is told of a commit
	defer often.Stop()
	ctx := limit(t)
	for {
		r := record(t, p, id)
		if is(r) {
			return
		}
		select {
		case <-often.C:
		case <-ctx.Done():
			t.Fatalf("%s does not come to what is waited for: %+v", id, r)
		}
	}
}

// TestSocketNone takes every socket away, and Slack gives no new one until it
// was asked again and again. What is approved goes on meanwhile, what is typed
// or clicked is refused by Slack itself and leaves nothing behind.
func TestSocketNone(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	l := launch(t, p, p.Env())
	l.becomes(t, p)
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	runs(t, p, id)
	_, waits := pending(t, p, "investigate "+sandbox.Laptop+" why")

	opened := "apps.connections.open"
	mend := p.Slack.Break(slackfake.Fault{Method: opened, Status: 503})
	p.Slack.Cut(p.Slack.Sockets()...)
	before := held(t, p)
	out, err := p.Slack.Command(limit(t), sandbox.Ada, sandbox.Incident, "collect "+sandbox.Laptop+" why")
	if err != nil || out.Acked || out.Shown == "" {
		t.Errorf("a command without sockets: %+v, %v; want that Slack says it failed", out, err)
	}
	if out, err := p.Slack.Click(limit(t), sandbox.Grace, waits.Channel, waits.TS, "approve"); err != nil || out.Acked {
		t.Errorf("a click without sockets: %+v, %v; want no acknowledgement", out, err)
	}
	skip(t, p, 2*time.Hour)
	card(t, p, id, "Succeeded")
	l.notReady(t, "slack: no socket is open")
	err = p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		return len(slices.DeleteFunc(s.APICalls(), func(c slackfake.APICall) bool { return c.Method != opened || c.Status != 503 })) >= 6
	})
	if err != nil {
		t.Fatalf("Slack was not asked again for sockets: %v", err)
	}
	if got := held(t, p); len(got) >= len(before) {
		t.Errorf("Redis holds %q after what was refused, and before %q", got, before)
	}
	mend()
	if err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Sockets()) == 2 }); err != nil {
		t.Fatalf("%d sockets are open again, want 2", len(p.Slack.Sockets()))
	}
	pending(t, p, "collect "+sandbox.Laptop+" why")
}

// TestCardTrouble makes every kind of trouble with the card while the call
// runs. The call is made once and its end is in the record; who can still be
// shown or told it is.
func TestCardTrouble(t *testing.T) {
	t.Parallel()
	change := func(edit func(*slackfake.Channel)) func(*testing.T, *sandbox.Place, slackfake.Message) {
		return func(t *testing.T, p *sandbox.Place, _ slackfake.Message) {
			t.Helper()
			if err := p.Slack.ChangeChannel(sandbox.Incident, edit); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		happens func(*testing.T, *sandbox.Place, slackfake.Message)
		moved   bool // the end stands in another message
		private bool // only the requester is told
	}{
		"too many updates": {happens: func(_ *testing.T, p *sandbox.Place, _ slackfake.Message) {
			p.Slack.Break(slackfake.Fault{Method: "chat.update", RetryAfter: 1, Times: 2})
		}},
		"an update whose answer is lost": {happens: func(_ *testing.T, p *sandbox.Place, _ slackfake.Message) {
			p.Slack.Break(slackfake.Fault{Method: "chat.update", After: true, Drop: true, Times: 1})
		}},
		"somebody deletes the message": {happens: func(t *testing.T, p *sandbox.Place, c slackfake.Message) {
			client := slack.New(p.Slack.BotToken(), slack.OptionAPIURL(p.Slack.APIURL()))
			if _, _, err := client.DeleteMessageContext(limit(t), c.Channel, c.TS); err != nil {
				t.Fatal(err)
			}
		}, moved: true},
		"the channel is archived":               {happens: change(func(c *slackfake.Channel) { c.Archived = true }), private: true},
		"the bot is removed":                    {happens: change(func(c *slackfake.Channel) { c.Bot = false })},
		"the bot is removed from a private one": {happens: change(func(c *slackfake.Channel) { c.Bot, c.Private = false, true }), private: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unhurried(t)
			run(t, p, p.Env(), app.Options{})
			id, c := pending(t, p, "collect "+sandbox.Server+" why")
			click(t, p, sandbox.Grace, c, "approve")
			runs(t, p, id)
			tt.happens(t, p, c)
			skip(t, p, 2*time.Hour)
			if tt.private {
				dm(t, p, sandbox.Ada, id, "Succeeded")
			} else if got := card(t, p, id, "Succeeded"); (got.TS != c.TS) != tt.moved {
				t.Errorf("the end stands in message %s, the card was %s", got.TS, c.TS)
			}
			if n := posts(p, defenderfake.CollectPackage); n != 1 {
				t.Errorf("%d calls of Defender, want 1", n)
			}
		})
	}
}

// dm waits until somebody was told something in a direct message.
func dm(t *testing.T, p *sandbox.Place, user string, words ...string) {
	t.Helper()
	err := p.Slack.Wait(limit(t), func(s *slackfake.Server) bool {
		return slices.ContainsFunc(s.DMs(user), func(m slackfake.Message) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(m.Text, w) })
		})
	})
	if err != nil {
		t.Fatalf("%s was not told %q; the direct messages are %+v", user, words, p.Slack.DMs(user))
	}
}

// TestEnvelopeOrder delivers everything of a whole story again, the last
// first, while it goes on and after its end. What an envelope did is remembered
// for 15 minutes, longer than Slack tries: two hours later a click still changes
// nothing, and the command is a new one.
func TestEnvelopeOrder(t *testing.T) {
	t.Parallel()
	p := unhurried(t)
	env := p.Env()
	env.ApprovalsRequired = "2"
	run(t, p, env, app.Options{})
	var envelopes []string
	keep := func(out slackfake.Outcome, err error) slackfake.Outcome {
		t.Helper()
		if err != nil || !out.Acked {
			t.Fatalf("%+v, %v", out, err)
		}
		envelopes = append(envelopes, out.EnvelopeID)
		return out
	}
	again := func() (first slackfake.Receipt) {
		t.Helper()
		for _, e := range slices.Backward(envelopes) {
			got, err := p.Slack.Redeliver(limit(t), e)
			if err != nil || !got.Acked {
				t.Errorf("again: %+v, %v", got, err)
			}
			first = got
		}
		return first
	}
	asked := keep(p.Slack.Command(limit(t), sandbox.Ada, sandbox.Incident, "collect "+sandbox.Server+" why"))
	id := requestID.FindString(asked.Answer.Text)
	c := card(t, p, id, "Waiting for approval")
	again()
	keep(p.Slack.Click(limit(t), sandbox.Ben, c.Channel, c.TS, "approve")) // may not
	keep(p.Slack.Click(limit(t), sandbox.Grace, c.Channel, c.TS, "approve"))
	c = card(t, p, id, "Approved by <@"+sandbox.Grace+">")
	again()
	keep(p.Slack.Click(limit(t), sandbox.Joan, c.Channel, c.TS, "approve"))
	runs(t, p, id)
	keep(p.Slack.ClickVersion(limit(t), sandbox.Grace, c.Channel, c.TS, "approve", 0)) // on the card as it was
	again()
	runs(t, p, id)
	skip(t, p, 2*time.Hour)
	end := card(t, p, id, "Succeeded")
	anew := requestID.FindString(string(again().Payload))
	if anew == "" || anew == id {
		t.Fatalf("the command of two hours ago made %q, want a new request", anew)
	}
	card(t, p, anew, "Waiting for approval")
	if got := p.Cards(sandbox.Incident); len(got) != 2 || got[0].Text != end.Text {
		t.Errorf("%d cards, the first says %q; want two, the first %q", len(got), got[0].Text, end.Text)
	}
	if n := posts(p, defenderfake.CollectPackage); n != 1 {
		t.Errorf("%d calls of Defender, want 1", n)
	}
}
