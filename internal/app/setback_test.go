package app_test

import (
	"context"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestRedisSetBack: a call waits, is sent, and Redis comes back with data from before
// it was sent. Nobody sends it again: neither the process that did, nor one that has
// only seen that something happened.
func TestRedisSetBack(t *testing.T) {
	t.Parallel()
	for name, senderStays := range map[string]bool{"the sender is there": true, "another process goes on": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, s *redistest.Server) {
				p := open(t, s.Addr, func(o *sandbox.Options) { o.Defender.RunFor = time.Hour })
				log := newJournal()
				logged := app.Options{Log: slog.New(slog.NewJSONHandler(log, nil))}
				stop := run(t, p, p.Env(), logged)
				id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
				p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: 429, RetryAfter: "5"})
				click(t, p, sandbox.Grace, c, "approve")
				card(t, p, id, "throttling")
				restore := unsent(t, p, s)
				card(t, p, id, "Defender id ")
				if !senderStays {
					run(t, p, p.Env(), logged)
					stop()
					scripts(t, s, 3) // the one that is left has looked at what is there
				}
				restore()
				log.wait(t, `"msg":"request changed"`, id, `"event":"suspect"`)
				log.wait(t, `"msg":"request changed"`, id, `"event":"adopt"`)
				if !senderStays {
					log.wait(t, `"level":"ERROR","msg":"redis lost changes"`)
				}
				if n := posts(p, defenderfake.CollectPackage); n != 2 {
					t.Errorf("%d POSTs, want the one that was refused and the one that was taken", n)
				}
			})
		})
	}
}

// TestRedisSetBackAtOnce: Redis comes back without its last second before anybody has
// looked there, to two processes of which either may be the one that sent.
func TestRedisSetBackAtOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, s *redistest.Server) {
				p := open(t, s.Addr, func(o *sandbox.Options) { o.Defender.RunFor = time.Hour })
				log := newJournal()
				logged := app.Options{Log: slog.New(slog.NewJSONHandler(log, nil))}
				run(t, p, p.Env(), logged)
				run(t, p, p.Env(), logged)
				id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
				p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: 429, RetryAfter: "5"})
				click(t, p, sandbox.Grace, c, "approve")
				card(t, p, id, "throttling")
				scripts(t, s, 3) // both have looked at what is there
				restore := unsent(t, p, s)
				redistest.Eventually(t, "it is sent", func(context.Context) bool { return posts(p, defenderfake.CollectPackage) == 2 })
				restore()
				log.wait(t, `"msg":"request changed"`, id, `"event":"suspect"`)
				log.wait(t, `"msg":"request changed"`, id, `"event":"adopt"`)
				if n := posts(p, defenderfake.CollectPackage); n != 2 {
					t.Errorf("%d POSTs, want the one that was refused and the one that was taken", n)
				}
			})
		})
	}
}

// unsent is a backup in which the call that was refused once waits to be sent again.
func unsent(t *testing.T, p *sandbox.Place, s *redistest.Server) (restore func()) {
	t.Helper()
	restore = s.Backup(t)
	if n := posts(p, defenderfake.CollectPackage); n != 1 {
		t.Fatalf("the backup is too late: %d POSTs have been made", n)
	}
	return restore
}

var scriptCalls = regexp.MustCompile(`cmdstat_evalsha:calls=(\d+)`)

// scripts waits until a server has run that many more scripts.
func scripts(t *testing.T, s *redistest.Server, more int) {
	t.Helper()
	rdb := s.Client(t)
	count := func(ctx context.Context) int {
		found := scriptCalls.FindStringSubmatch(rdb.Info(ctx, "commandstats").Val())
		if found == nil {
			return 0
		}
		n, _ := strconv.Atoi(found[1])
		return n
	}
	from := count(t.Context())
	redistest.Eventually(t, "more scripts ran", func(ctx context.Context) bool { return count(ctx) >= from+more })
}

// TestRedisEmptied: Redis loses everything while a card waits. The first click on it
// says so, on the card too, which keeps what it said and loses its buttons.
func TestRedisEmptied(t *testing.T) {
	t.Parallel()
	redis := redistest.Mini(t)
	p := open(t, redis.Addr(), nil)
	log := newJournal()
	run(t, p, p.Env(), app.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
	id, c := pending(t, p, "collect "+sandbox.Laptop+" why")
	redis.FlushAll()
	log.wait(t, "redis lost changes")
	says(t, "the answer", click(t, p, sandbox.Grace, c, "approve"), "no record of that request", id)
	after := card(t, p, "no longer have the record of "+id, "ask again")
	shown := p.Slack.Transcript(sandbox.Incident, "")
	says(t, "the channel", shown, sandbox.Laptop)
	if after.TS != c.TS || strings.Contains(shown, "[ Approve ]") {
		t.Errorf("the card is %s, was %s; want the same without buttons\n%s", after.TS, c.TS, shown)
	}
	nothingSent(t, p)
}
