package slackfake

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// official is the folder of the apps on Slack's own client libraries.
const official = "official"

// TestOfficialClients plays one story with an app on each of Slack's own libraries: they must find nothing odd about
// the fake, and the fake nothing wrong with them. Without the libraries ("npm ci" in the folder official) it plays
// nothing, unless REQUIRE_NODE is set.
func TestOfficialClients(t *testing.T) {
	if _, err := os.Stat(filepath.Join(official, "node_modules")); err != nil {
		if os.Getenv("REQUIRE_NODE") != "" {
			t.Fatalf("REQUIRE_NODE is set, but: %v", err)
		}
		t.Logf("nothing is played: %v", err)
		return
	}
	for app, refreshes := range map[string][]string{
		"bolt.mjs": {ReasonRefresh}, // without a socket for 5 s at each
		"sdk.mjs":  {ReasonRefresh, ReasonWarning},
	} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			s, _ := start(t) // its clock stands, so that a busy machine is not late
			ctx := runNode(t, s, app)
			p := &play{t, s}
			p.wait(ctx, "the app's socket", func(s *Server) bool { return len(s.Sockets()) == 1 })
			p.more(ctx, p.ask(ctx, "web-01"))
			p.deny(ctx, p.ask(ctx, "web-02"))
			for _, reason := range refreshes {
				p.refresh(ctx, reason)
				p.mention(ctx)
			}
			p.ask(ctx, "web-03")
			p.clean()
		})
	}
}

// runNode starts an app and returns a context that ends when the app does, or when it takes too long.
func runNode(t *testing.T, s *Server, app string) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(t.Context())) // it is told to stop once the test is over
	limit, stop := context.WithTimeout(ctx, time.Minute)
	cmd := exec.CommandContext(limit, "node", app)
	cmd.Dir = official
	cmd.Env = append(os.Environ(), "SLACK_API_URL="+s.APIURL(), "SLACK_APP_TOKEN="+s.AppToken(), "SLACK_BOT_TOKEN="+s.BotToken())
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		cancel(fmt.Errorf("%s has ended: %w", app, err))
		ended <- err
	}()
	t.Cleanup(func() {
		defer stop()
		if err := stdin.Close(); err != nil { // tells the app to stop
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", app, err)
		}
	})
	return limit
}

// play is the story: what people do, and what they must see of the app.
type play struct {
	t *testing.T
	s *Server
}

func (p *play) wait(ctx context.Context, what string, seen func(*Server) bool) {
	p.t.Helper()
	if err := p.s.Wait(ctx, seen); err != nil {
		p.t.Fatalf("waiting for %s: %v (%v)", what, err, context.Cause(ctx))
	}
}

func (p *play) message(ts string) Message {
	m, _ := p.s.Message(general, ts)
	return m
}

// done fails unless what a person did went well, and returns what they saw.
func (p *play) done(o Outcome, err error) Outcome {
	p.t.Helper()
	if err != nil || !o.Acked || o.Shown != "" {
		p.t.Fatalf("%+v, %v", o, err)
	}
	return o
}

// ask is a command, the answer in its acknowledgement, and the card.
func (p *play) ask(ctx context.Context, device string) (card string) {
	p.t.Helper()
	before := len(p.s.Messages(general))
	o := p.done(p.s.Command(ctx, ana, general, "collect "+device))
	want := "Asked for collect " + device
	if o.Answer == nil || o.Answer.Text != want || o.Answer.EphemeralTo != ana {
		p.t.Fatalf("answer %+v, want %q for her alone", o.Answer, want)
	}
	p.wait(ctx, "the card", func(s *Server) bool { return len(s.Messages(general)) == before+1 })
	m := p.s.Messages(general)[before]
	if want := "Please decide on collect " + device; m.Text != want || m.User != p.s.BotUserID() {
		p.t.Fatalf("card %+v, want %q", m, want)
	}
	return m.TS
}

// more is a button that is answered through the response_url.
func (p *play) more(ctx context.Context, card string) {
	p.t.Helper()
	before := len(p.s.Ephemerals(ben))
	p.done(p.s.Click(ctx, ben, general, card, "more"))
	p.wait(ctx, "the answer to the click", func(s *Server) bool { return len(s.Ephemerals(ben)) == before+1 })
	if got := p.s.Ephemerals(ben)[before].Text; got != "More, for your eyes only" {
		p.t.Errorf("answer %q", got)
	}
	if m := p.message(card); m.Edited {
		p.t.Errorf("the card has changed: %+v", m)
	}
}

// deny is a modal with a first try that is refused, an update of the card that meets a rate limit, and a private word.
func (p *play) deny(ctx context.Context, card string) {
	p.t.Helper()
	p.done(p.s.Click(ctx, ben, general, card, "deny"))
	p.wait(ctx, "the modal", func(s *Server) bool { return len(s.Views(ben)) == 1 })
	v := p.s.Views(ben)[0]
	o := p.done(p.s.Submit(ctx, ben, v.ID, map[string]string{"text": "no"}))
	if diff := cmp.Diff(map[string]string{"reason": "Please say a little more"}, o.Errors); diff != "" || o.Closed {
		p.t.Fatalf("closed: %v; errors: %s", o.Closed, diff)
	}
	calls, whispers, begun := len(p.s.APICalls()), len(p.s.Ephemerals(ben)), time.Now()
	p.s.Break(Fault{Method: "chat.update", RetryAfter: 2, Times: 1})
	if o := p.done(p.s.Submit(ctx, ben, v.ID, map[string]string{"text": "it is a test"})); !o.Closed {
		p.t.Fatalf("not closed: %+v", o)
	}
	p.wait(ctx, "the card's update", func(*Server) bool { return p.message(card).Edited })
	if took := time.Since(begun); took < 2*time.Second {
		p.t.Errorf("called again after %v, Retry-After was 2 s", took)
	}
	if got, want := p.message(card).Text, "<@"+ben+"> said no: it is a test"; got != want {
		p.t.Errorf("card %q, want %q", got, want)
	}
	p.wait(ctx, "the private word", func(s *Server) bool { return len(s.APICalls()) == calls+3 })
	if got := p.s.Ephemerals(ben); len(got) != whispers+1 || got[whispers].Text != "Your reason was taken down" {
		p.t.Errorf("for his eyes only: %+v", got)
	}
	var got []string
	for _, c := range p.s.APICalls()[calls:] {
		got = append(got, fmt.Sprintf("%s %d", c.Method, c.Status))
	}
	if diff := cmp.Diff([]string{"chat.update 429", "chat.update 200", "chat.postEphemeral 200"}, got); diff != "" {
		p.t.Error(diff)
	}
}

// refresh is Slack taking its sockets back; the app must come with a new one.
func (p *play) refresh(ctx context.Context, reason string) {
	p.t.Helper()
	before := p.s.Sockets()
	p.s.Disconnect(reason, 0)
	p.wait(ctx, "a new socket after "+reason, func(s *Server) bool {
		now := s.Sockets()
		return len(now) == 1 && now[0] > before[0]
	})
}

// mention is an event; the app answers in the thread how its library took Slack's refusal of a bad message.
func (p *play) mention(ctx context.Context) {
	p.t.Helper()
	r, err := p.s.MentionBot(ctx, ana, general, "are you there?")
	if err != nil || !r.Acked {
		p.t.Fatalf("%+v, %v", r, err)
	}
	all := p.s.Messages(general)
	said := all[len(all)-1].TS
	p.wait(ctx, "the reply", func(s *Server) bool { return len(s.Thread(general, said)) == 1 })
	want := "invalid_blocks: [ERROR] unsupported type: shout [json-pointer:/blocks/0/type]"
	if got := p.s.Thread(general, said)[0].Text; got != want {
		p.t.Errorf("reply %q, want %q", got, want)
	}
}

// clean checks that nothing went wrong on either side that no person has seen.
func (p *play) clean() {
	p.t.Helper()
	for _, a := range p.s.Acks() {
		if a.Problem != "" {
			p.t.Errorf("acknowledgement of %s: %s", a.Kind, a.Problem)
		}
	}
	expected := map[string]bool{"": true, "ratelimited": true, "invalid_blocks": true}
	for _, c := range p.s.APICalls() {
		if !expected[c.Error] {
			p.t.Errorf("%s: %s", c.Method, c.Error)
		}
	}
}
