package app_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// open makes a place in which actions take moments, on a Redis.
func open(t testing.TB, addr string, change func(*sandbox.Options)) *sandbox.Place {
	t.Helper()
	o := sandbox.Options{
		Now: time.Now, Redis: "redis://" + addr,
		Defender: defenderfake.Options{FreshFor: -1, PendingFor: 50 * time.Millisecond, RunFor: 50 * time.Millisecond},
	}
	if os.Getenv("BOT_LOG") != "" { // for whoever looks for the cause of a failure
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if change != nil {
		change(&o)
	}
	if o.Defender.ClientSecret == "" {
		o.Defender.ClientSecret = rand.Text()
	}
	s := newScan()
	o.Slack.Sent = s.sent
	p, err := sandbox.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	s.place, s.log = p, cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	scans.Store(p, s)
	t.Cleanup(func() {
		s.check(t)
		scans.Delete(p)
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// run runs a bot until the test ends or stop is called, and waits until it is
// ready.
func run(t testing.TB, p *sandbox.Place, env app.Env, options app.Options) (stop func()) {
	t.Helper()
	bot := newBot(t, p, env, options)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- scanOf(p).ended(bot.Run(ctx)) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the bot ended with %v", err)
		}
	}
	t.Cleanup(stop)
	if err := sandbox.WaitReady(limit(t), bot); err != nil {
		t.Fatal(err)
	}
	return stop
}

// limit is how long a test waits for what must come. It is longer than a lease of the
// agenda: one that Redis brings back from a backup nobody holds, and it has to run out.
func limit(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// command lets somebody type a command that is answered.
func command(t testing.TB, p *sandbox.Place, user, channel, text string) string {
	t.Helper()
	out, err := p.Slack.Command(limit(t), user, channel, text)
	if err != nil || !out.Acked || out.Answer == nil {
		t.Fatalf("%s: %v, acknowledged %v, Slack shows %q", text, err, out.Acked, out.Shown)
	}
	return out.Answer.Text
}

func card(t testing.TB, p *sandbox.Place, words ...string) slackfake.Message {
	t.Helper()
	c, err := p.WaitCard(limit(t), sandbox.Incident, words...)
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Slack.Transcript(sandbox.Incident, ""))
	}
	return c
}

// click presses a button and returns what the person is told.
func click(t testing.TB, p *sandbox.Place, user string, m slackfake.Message, action string) string {
	t.Helper()
	before := len(p.Slack.Ephemerals(user))
	out, err := p.Slack.Click(limit(t), user, m.Channel, m.TS, action)
	if err != nil || !out.Acked {
		t.Fatalf("%s by %s: %v, acknowledged %v, Slack shows %q", action, user, err, out.Acked, out.Shown)
	}
	err = p.Slack.Wait(limit(t), func(s *slackfake.Server) bool { return len(s.Ephemerals(user)) > before })
	if err != nil {
		t.Fatalf("%s by %s got no answer", action, user)
	}
	said := p.Slack.Ephemerals(user)
	return said[len(said)-1].Text
}

func TestMainJob(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, addr string) {
		p := open(t, addr, nil)
		run(t, p, p.Env(), app.Options{})
		for _, tt := range []struct{ action, device, end string }{
			{"investigate", sandbox.Server, "Succeeded"},
			{"collect", "lt-ada.contoso.example", "Succeeded"},
		} {
			id := ask(t, p, sandbox.Ada, tt.action+" "+tt.device+" odd logins at 3")
			c := card(t, p, id, "Waiting for approval", "odd logins at 3")
			if got := click(t, p, sandbox.Ada, c, "approve"); !strings.Contains(got, "your own request") {
				t.Errorf("the requester approves: told %q", got)
			}
			if got := click(t, p, sandbox.Ben, c, "approve"); !strings.Contains(got, "not an approver") {
				t.Errorf("somebody else approves: told %q", got)
			}
			if got := click(t, p, sandbox.Grace, c, "approve"); !strings.Contains(got, "You approved") {
				t.Errorf("an approver approves: told %q", got)
			}
			card(t, p, id, tt.end, "odd logins at 3", "Approved by <@"+sandbox.Grace+">")
		}
		s := p.Defender.Snapshot()
		if len(s.Actions) != 1 || len(s.Investigations) != 1 {
			t.Fatalf("%d actions and %d investigations in Defender, want one each", len(s.Actions), len(s.Investigations))
		}
		if got := s.Actions[0].Comment; !strings.HasPrefix(got, "[D-") || !strings.Contains(got, "asked by ada") || !strings.Contains(got, "approved by grace") {
			t.Errorf("comment in Defender: %q", got)
		}
	})
}
