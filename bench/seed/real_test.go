package seed_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"defenderbot/bench/seed"
	"defenderbot/bench/side"
	"defenderbot/internal/app"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// TestPattern: what Redis keeps of two requests that went through the bot differs in nothing
// but in what a pattern has holes for; and the bot takes what is filled after a pattern for
// requests like all others.
func TestPattern(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	lab, err := side.NewLab("../..", true, io.Discard)
	closes(t, lab.Close, err)
	r, err := lab.Redis(ctx)
	closes(t, r.Close, err)
	w, err := side.Open(r)
	closes(t, w.Close, err)
	exe, err := lab.Bot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	env := w.BotEnv(func(e *app.Env) { e.ApprovalTTL = "24h" })
	stop := run(ctx, t, w, env, exe)
	pending := same(t, func(n int) (seed.Pattern, error) { return seed.Pending(ctx, r, w, n) })
	ended := same(t, func(n int) (seed.Pattern, error) { return seed.Ended(ctx, r, w, 10+n) })
	stop()

	if err := r.Empty(ctx); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := ended.Fill(ctx, r, seed.Crowd{People: 2, Channels: 2, First: 100, From: now.Add(-2 * time.Hour), Every: time.Second}, 4); err != nil {
		t.Fatal(err)
	}
	if err := pending.Fill(ctx, r, seed.Crowd{People: 2, Channels: 2, First: 200, From: now.Add(-time.Hour), Every: time.Second}, 3); err != nil {
		t.Fatal(err)
	}
	before := kept(ctx, t, r)
	stop = run(ctx, t, w, env, exe)
	defer stop()
	out, err := w.Slack.Command(ctx, sandbox.Grace, sandbox.Incident, "list")
	if err != nil || out.Answer == nil || strings.Count(out.Answer.Text, "D-") != 3 {
		t.Errorf("what is open, as the bot lists it: %+v, %v", out, err)
	}
	if after := kept(ctx, t, r); after != before {
		t.Errorf("%d entries of sorted sets, where %d were written: the bot took some for wrong ones", after, before)
	}
}

// same makes two patterns and holds them against each other.
func same(t *testing.T, make func(n int) (seed.Pattern, error)) seed.Pattern {
	t.Helper()
	var shapes []string
	var p seed.Pattern
	for n := range 2 {
		var err error
		if p, err = make(1 + n); err != nil {
			t.Fatal(err)
		}
		shapes = append(shapes, p.Shape())
	}
	if shapes[0] != shapes[1] {
		t.Errorf("what Redis keeps of two requests differs:\n%s\n%s", shapes[0], shapes[1])
	}
	return p
}

// run starts a bot.
func run(ctx context.Context, t *testing.T, w *side.World, env []string, exe string) (stop func()) {
	t.Helper()
	p, err := side.Start(ctx, env, exe)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Greeted(ctx, p, 2); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if err := w.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.Sockets()) == 0 }); err != nil {
			t.Error(err)
		}
	}
}

// kept is how many members all sorted sets have that do not go by themselves, but for those
// that a bot makes for itself.
func kept(ctx context.Context, t *testing.T, r *side.Redis) (n int64) {
	t.Helper()
	names, err := r.Keys(ctx, "*:index").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		n += r.ZCard(ctx, name).Val()
	}
	return n
}

func closes(t *testing.T, end func() error, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}
