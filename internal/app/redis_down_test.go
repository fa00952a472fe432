package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// launched is a bot that may not get ready, with its log.
type launched struct {
	*app.App

	log   *journal
	ended chan error
}

// launch runs a bot until the test ends. A hook is for all it says to Redis.
func launch(t *testing.T, p *sandbox.Place, env app.Env, hook ...redis.Hook) *launched {
	t.Helper()
	var options app.Options
	for _, h := range hook {
		options.Hook = h
	}
	return launchWith(t, p, env, options)
}

// launchWith is launch with options.
func launchWith(t *testing.T, p *sandbox.Place, env app.Env, options app.Options) *launched {
	t.Helper()
	l := &launched{log: newJournal(), ended: make(chan error, 1)}
	options.Log = slog.New(slog.NewJSONHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	bot := newBot(t, p, env, options)
	l.App = bot
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		err := scanOf(p).ended(bot.Run(ctx))
		if ctx.Err() == nil {
			fmt.Fprintln(l.log, "the bot ended:", err)
		}
		l.ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return l
}

// becomes waits until the bot is ready.
func (l *launched) becomes(t *testing.T, _ *sandbox.Place) {
	t.Helper()
	l.log.wait(t, `"msg":"running"`)
	if err := sandbox.WaitReady(limit(t), l.App); err != nil {
		t.Fatal(err)
	}
}

// notReady checks that the bot says what it misses.
func (l *launched) notReady(t *testing.T, words ...string) {
	t.Helper()
	err := l.Ready(context.Background())
	if err == nil {
		t.Fatal("the bot says that it is ready")
	}
	says(t, "not ready", err.Error(), words...)
}

func TestRedisDownAtStart(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		s.Kill(t)
		p := open(t, s.Addr, nil)
		l := launch(t, p, p.Env())
		l.log.wait(t, "check failed", `"check":"redis"`, "connection refused")
		l.notReady(t, "redis: ", "connection refused")
		s.Up(t)
		l.becomes(t, p)
		pending(t, p, "investigate "+sandbox.Server+" why")
	})
}

// TestVolatileRedis starts on a Redis that may lose what it confirmed.
func TestVolatileRedis(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		p := open(t, s.Addr, nil)
		env := p.Env()
		env.AllowVolatileRedis = ""
		for _, tt := range []struct{ option, bad, good, want string }{
			{"appendonly", "no", "yes", "appendonly is off"},
			{"maxmemory-policy", "allkeys-lru", "noeviction", "maxmemory-policy is not noeviction"},
		} {
			set := func(value string) {
				if err := s.Client(t).ConfigSet(limit(t), tt.option, value).Err(); err != nil {
					t.Fatal(err)
				}
			}
			set(tt.bad)
			l := launch(t, p, env)
			select {
			case err := <-l.ended:
				if err == nil {
					t.Fatalf("%s %s: ended without an error", tt.option, tt.bad)
				}
				says(t, tt.option, err.Error(), tt.want, "ALLOW_VOLATILE_REDIS=true")
			case <-limit(t).Done():
				t.Fatalf("%s %s: the bot goes on", tt.option, tt.bad)
			}
			set(tt.good)
		}
		launch(t, p, env).becomes(t, p)
	})
}

// timed is command, which has to be answered before Slack shows an error.
func timed(t *testing.T, p *sandbox.Place, text string) string {
	t.Helper()
	out, err := p.Slack.Command(limit(t), sandbox.Ada, sandbox.Incident, text)
	if err != nil || !out.Acked || out.Answer == nil || out.Took >= 3*time.Second {
		t.Fatalf("%v, acknowledged %v after %v, Slack shows %q", err, out.Acked, out.Took, out.Shown)
	}
	return out.Answer.Text
}

// TestRedisDies kills Redis under a running bot: commands and clicks say that
// nothing was recorded, and when it is back that is true.
func TestRedisDies(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		p := open(t, s.Addr, nil)
		run(t, p, p.Env(), app.Options{})
		id, c := pending(t, p, "investigate "+sandbox.Server+" why")
		s.Kill(t)
		says(t, "command", timed(t, p, "collect "+sandbox.Laptop+" why"), "Nothing was recorded")
		says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "Nothing was recorded")
		s.Up(t)
		for _, entry := range held(t, p) {
			if strings.Contains(entry, "collect") {
				t.Errorf("Redis holds %s", entry)
			}
		}
		nothingSent(t, p)
		asked := "collect " + sandbox.Laptop + " again"
		if err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool {
			return strings.HasPrefix(timed(t, p, asked), "Recorded as ") || strings.HasPrefix(timed(t, p, asked), "The same action, or one that cannot run beside it, is already open")
		}); err != nil {
			t.Fatalf("the bot does not come back: %v", err)
		}
		card(t, p, "again", "Waiting for approval")
		says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "You approved "+id)
		card(t, p, id, "Succeeded")
	})
}

// TestRedisStalls holds Redis's answers back: the person is told in time that
// nobody knows, and what was recorded goes on when answers come again.
func TestRedisStalls(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		way := newStall(t, s.Addr)
		p := open(t, way.addr, nil)
		run(t, p, p.Env(), app.Options{})
		way.hold()
		says(t, "command", timed(t, p, "investigate "+sandbox.Server+" why"), "cannot tell")
		way.pass()
		c := card(t, p, "Waiting for approval", sandbox.Server)
		if cards := p.Cards(sandbox.Incident); len(cards) != 1 {
			t.Errorf("%d cards, want 1", len(cards))
		}
		says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "You approved ")
		card(t, p, "Succeeded", sandbox.Server)
	})
}

// TestRedisSilentConnections has every connection to Redis fall silent: commands
// are answered all the same, and soon recorded over new ones.
func TestRedisSilentConnections(t *testing.T) {
	t.Parallel()
	way := newStall(t, redistest.Mini(t).Addr())
	p := open(t, way.addr, nil)
	run(t, p, p.Env(), app.Options{})
	pending(t, p, "investigate "+sandbox.Server+" why")
	way.silence()
	const asked = "collect " + sandbox.Laptop + " why"
	if err := p.Slack.Wait(limit(t), func(*slackfake.Server) bool {
		answer := timed(t, p, asked)
		return strings.HasPrefix(answer, "Recorded as ") || strings.HasPrefix(answer, "The same action, or one that cannot run beside it, is already open")
	}); err != nil {
		t.Fatalf("the bot does not come back: %v", err)
	}
	card(t, p, sandbox.Laptop, "Waiting for approval")
}

// TestStopDuringStart stops a bot that waits for Redis.
func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	p := open(t, freeAddr(t), nil)
	stopped(t, p, p.Env(), func(ctx context.Context) error {
		return p.Slack.Wait(ctx, func(s *slackfake.Server) bool { return len(s.APICalls()) > 0 })
	})
}

// TestStopDuringFirstCall stops a bot while Slack answers nothing at all.
func TestStopDuringFirstCall(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // net/http sees the caller go only behind the body
		close(asked)
		<-r.Context().Done()
	}))
	t.Cleanup(mute.Close)
	p := open(t, freeAddr(t), nil)
	env := p.Env()
	env.SlackAPIURL = mute.URL
	stopped(t, p, env, func(ctx context.Context) error {
		select {
		case <-asked:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// stopped stops a bot at a moment of its start, the way signal.NotifyContext does
// since Go 1.26: with a cause, which is what net/http then returns.
func stopped(t *testing.T, p *sandbox.Place, env app.Env, moment func(context.Context) error) {
	t.Helper()
	bot := newBot(t, p, env, app.Options{})
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() { ended <- scanOf(p).ended(bot.Run(ctx)) }()
	if err := moment(limit(t)); err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("terminated"))
	if err := <-ended; err != nil {
		t.Errorf("the bot ended with %v, want nil", err)
	}
}
