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

// TestSmallestACLMore has the rights beyond them that some servers need, as the
// documents give them.
func TestSmallestACLMore(t *testing.T) {
	t.Parallel()
	story := func(t *testing.T, servers []*redistest.Server, url, what string, change func(*app.Env)) {
		t.Helper()
		rights := slices.Concat(smallest(t), more(t, what))
		for _, s := range servers {
			let(t, s.Client(t), rights)
		}
		p := open(t, servers[0].Addr, nil)
		env := p.Env()
		env.RedisURL, env.AllowVolatileRedis = url, ""
		change(&env)
		launch(t, p, env).becomes(t, p)
		id, c := pending(t, p, "investigate "+sandbox.Server+" why")
		click(t, p, sandbox.Grace, c, "approve")
		card(t, p, id, "Succeeded")
		for _, s := range servers {
			if refused, err := s.Client(t).Do(limit(t), "acl", "log").Slice(); err != nil || len(refused) > 0 {
				t.Errorf("Redis refused %v, %v", refused, err)
			}
		}
	}
	redistest.Cluster(t, func(t *testing.T, c *redistest.Nodes) {
		all := c.Servers
		story(t, all, "redis://defenderbot:password@"+all[0].Addr+"?addr="+all[1].Addr+"&addr="+all[2].Addr, "a Cluster", func(*app.Env) {})
	})
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		story(t, []*redistest.Server{s}, "redis://defenderbot:password@"+s.Addr+"/1", "a database other than 0 in `REDIS_URL`", func(*app.Env) {})
	})
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		redistest.StartReplica(t, s)
		story(t, []*redistest.Server{s}, "redis://defenderbot:password@"+s.Addr, "`REDIS_WAIT_REPLICAS` above 0", func(e *app.Env) { e.RedisWaitReplicas = "1" })
	})
	redistest.Newer(t, func(t *testing.T, s *redistest.Server) {
		story(t, []*redistest.Server{s}, "redis://defenderbot:password@"+s.Addr, "`REDIS_WAIT_AOF=1`", func(e *app.Env) { e.RedisWaitAOF = "1" })
	})
}

// more are the rights that docs/redis.md gives for something beyond the smallest.
func more(t *testing.T, what string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/redis.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `(.*)` \\| " + regexp.QuoteMeta(what) + " \\|$").FindStringSubmatch(string(text))
	if row == nil {
		t.Fatalf("docs/redis.md has no rights for %s", what)
	}
	return strings.Fields(strings.ReplaceAll(row[1], `\|`, "|"))
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
