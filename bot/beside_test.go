package bot

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"defenderbot/internal/slackfake"
)

// lostAfter is what is taken for lost here. Slack waits for 3 seconds; the answers
// take less than a millisecond.
const lostAfter = 500 * time.Millisecond

// BenchmarkRefreshes has sockets refreshed while three people type commands, once
// with the session of this package and once with slack-go's own client, and
// counts the commands that Slack showed as failed. It is the reason for a session
// of our own.
func BenchmarkRefreshes(b *testing.B) {
	for _, bb := range []struct {
		name string
		run  func(context.Context, *slackfake.Server, *Workspace) error
	}{{"session", runSession}, {"slack-go", runSlackGo}} {
		b.Run(bb.name, func(b *testing.B) {
			s, client := newWorkspace(b, func(o *slackfake.Options) { o.AckLimit = lostAfter })
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- bb.run(ctx, s, client) }()
			waitFor(b, s, func() bool { return len(s.Sockets()) > 0 })
			f := startTraffic(b, s, 3)
			n := 0
			for b.Loop() {
				refresh(b, s, f, []string{slackfake.ReasonWarning, slackfake.ReasonRefresh}[n%2])
				n++
			}
			f.end()
			cancel()
			if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
				b.Error(err)
			}
			b.ReportMetric(float64(f.typed.Load())/float64(n), "commands/op")
			b.ReportMetric(float64(f.missing.Load())/float64(n), "lost/op")
		})
	}
}

// refresh has the oldest socket refreshed, as Slack does it: announced, and
// ended by Slack once another is open and nothing is under way on it.
func refresh(b *testing.B, s *slackfake.Server, f *traffic, reason string) {
	b.Helper()
	open := s.Sockets()
	old, newest := open[0], slices.Max(open)
	s.Disconnect(reason, time.Hour, old)
	waitFor(b, s, func() bool { return slices.ContainsFunc(s.Sockets(), func(n int) bool { return n > newest }) })
	f.lull(func() {
		if slices.Contains(s.Sockets(), old) {
			s.Cut(old)
			waitFor(b, s, func() bool { return !slices.Contains(s.Sockets(), old) })
		}
	})
	acks := s.Totals().Acks
	waitFor(b, s, func() bool { return s.Totals().Acks >= acks+20 })
}

func waitFor(b *testing.B, s *slackfake.Server, seen func() bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	if err := s.Wait(ctx, func(*slackfake.Server) bool { return seen() }); err != nil {
		b.Fatal(err)
	}
}

// runSession acknowledges everything with the session of this package, with two
// sockets as the bot has them.
func runSession(ctx context.Context, _ *slackfake.Server, client *Workspace) error {
	x := &Session{
		Open: client.OpenSocket, Sockets: 2, Clock: time.Now, Log: slog.New(slog.DiscardHandler), pace: quickPace(),
		Count: func(string) {}, Handle: func(e Envelope) { _ = e.Ack(nil) }, // what is lost is counted in Slack
	}
	return x.Run(ctx)
}

// runSlackGo does it with slack-go's client, which has one socket.
func runSlackGo(ctx context.Context, s *slackfake.Server, _ *Workspace) error {
	api := slack.New(s.BotToken(), slack.OptionAppLevelToken(s.AppToken()), slack.OptionAPIURL(s.APIURL()))
	client := socketmode.New(api, socketmode.OptionLog(log.New(io.Discard, "", 0)))
	go func() {
		for {
			select {
			case e := <-client.Events:
				if e.Request != nil {
					_ = client.AckCtx(ctx, e.Request.EnvelopeID, nil)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return client.RunContext(ctx)
}
