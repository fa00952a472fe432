package app_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// smallest are the rights that docs/redis.md gives the bot's user.
func smallest(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)ACL SETUSER defenderbot (.*?)```").FindStringSubmatch(string(text))
	if block == nil {
		t.Fatal("docs/redis.md has no ACL SETUSER")
	}
	return strings.Fields(block[1])
}

// let gives the user these rights and no others.
func let(t *testing.T, admin *redis.Client, rights []string) {
	t.Helper()
	args := []any{"acl", "setuser", "defenderbot", "reset"}
	for _, r := range rights {
		args = append(args, r)
	}
	if err := admin.Do(limit(t), args...).Err(); err != nil {
		t.Fatal(err)
	}
}

// TestSmallestACL plays the story as a user with the rights that the documents
// give: Redis refuses nothing.
func TestSmallestACL(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		admin := s.Client(t)
		let(t, admin, smallest(t))
		p := open(t, s.Addr, nil)
		env := p.Env()
		env.RedisURL, env.AllowVolatileRedis = "redis://defenderbot:password@"+s.Addr, ""
		l := launchWith(t, p, env, app.Options{RecheckEvery: time.Second})
		l.becomes(t, p)

		p.Defender.Inject(defenderfake.Fault{On: defenderfake.CollectPackage, Times: 1, Status: 403, Code: "DisallowedOperation"})
		failed, c := pending(t, p, "collect "+sandbox.Server+" why")
		click(t, p, sandbox.Grace, c, "approve")
		c = card(t, p, failed, "Failed")
		if err := admin.ScriptFlush(limit(t)).Err(); err != nil { // as a failover does
			t.Fatal(err)
		}
		says(t, "try again", click(t, p, sandbox.Ada, c, "retry"), "D-")
		id, c := pending(t, p, "investigate "+sandbox.Server+" why")
		says(t, "own request", click(t, p, sandbox.Ada, c, "approve"), "your own request")
		click(t, p, sandbox.Grace, c, "approve")
		card(t, p, id, "Succeeded")
		id, c = pending(t, p, "investigate "+sandbox.Laptop+" why")
		says(t, "again", command(t, p, sandbox.Ada, sandbox.Incident, "investigate "+sandbox.Laptop+" why"), "D-")
		click(t, p, sandbox.Ada, c, "cancel")
		card(t, p, id, "Cancelled")

		refused, err := admin.Do(limit(t), "acl", "log").Slice()
		if err != nil || len(refused) > 0 {
			t.Errorf("Redis refused %v, %v", refused, err)
		}
		if text, _ := l.log.read(); strings.Contains(text, `"level":"ERROR"`) || strings.Contains(text, "not taken over") {
			t.Errorf("the log tells of trouble:\n%s", text)
		}
	})
}

// TestSmallestACLEach takes one of these rights after the other away: the bot is not
// ready and names it, so none is in the documents that is not needed.
func TestSmallestACLEach(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		admin, all := s.Client(t), smallest(t)
		for _, right := range all {
			command, is := strings.CutPrefix(right, "+")
			if !is {
				continue
			}
			let(t, admin, slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == right }))
			p := open(t, s.Addr, nil)
			env := p.Env()
			env.RedisURL, env.AllowVolatileRedis = "redis://defenderbot:password@"+s.Addr, ""
			l := launch(t, p, env)
			l.log.wait(t, `"msg":"check failed"`, `"check":"redis`, "docs/redis.md")
			text, _ := l.log.read()
			if name, _, _ := strings.Cut(command, "|"); !strings.Contains(strings.ToLower(text), name) {
				t.Errorf("without %s it says\n%s", right, text)
			}
			l.notReady(t, "redis")
		}
	})
}
