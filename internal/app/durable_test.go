package app_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// refused waits until the bot has ended because of its Redis.
func (l *launched) refused(t *testing.T, words ...string) {
	t.Helper()
	select {
	case err := <-l.ended:
		if err == nil {
			t.Fatal("the bot has ended without an error")
		}
		says(t, "the bot's end", err.Error(), words...)
	case <-limit(t).Done():
		t.Fatalf("the bot goes on, without a word of %q", words)
	}
}

// TestDurabilitySilent has Redis leave out of INFO whether it keeps what it holds, as
// hosted ones do: that is not taken for a no, and not for a yes, until the operator says it.
func TestDurabilitySilent(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		for _, tt := range []struct{ field, section, check, unknown string }{
			{"maxmemory_policy", "memory", "redis eviction", "not known whether redis evicts"},
			{"aof_enabled", "persistence", "redis durability", "not known whether redis is durable"},
		} {
			p := open(t, s.Addr, nil)
			env := p.Env()
			env.AllowVolatileRedis = ""
			l := launch(t, p, env, &infoHook{hides: tt.field})
			l.refused(t, tt.unknown, "INFO "+tt.section+" does not report "+tt.field, "REDIS_DURABILITY=provider", "ALLOW_VOLATILE_REDIS=true")
			env.RedisDurability = "provider"
			l = launch(t, p, env, &infoHook{hides: tt.field})
			l.becomes(t, p)
			l.log.wait(t, `"msg":"check passed"`, `"check":"`+tt.check+`"`, "you state ", "does not report it")
			if text, _ := l.log.read(); strings.Contains(text, "may lose approvals") {
				t.Errorf("%s: it warns of what the operator has stated", tt.field)
			}
			env.RedisDurability, env.AllowVolatileRedis = "", "true"
			l = launch(t, p, env, &infoHook{hides: tt.field})
			l.becomes(t, p)
			l.log.wait(t, `"level":"WARN"`, "redis may lose approvals", "ALLOW_VOLATILE_REDIS", "does not report "+tt.field, "twice")
		}
	})
}

// TestDurabilityStated: with REDIS_DURABILITY=provider the operator answers for what Redis
// keeps, and the audit trail has it; that it evicts, which Redis itself says, stays a no.
func TestDurabilityStated(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		set := func(name, value string) {
			if err := s.Client(t).ConfigSet(limit(t), name, value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set("appendonly", "no")
		p := open(t, s.Addr, nil)
		env := p.Env()
		env.AllowVolatileRedis = ""
		launch(t, p, env).refused(t, "appendonly is off", "switch it on", "REDIS_DURABILITY=provider")
		env.RedisDurability = "provider"
		l := launchWith(t, p, env, app.Options{RecheckEvery: time.Second})
		l.becomes(t, p)
		l.log.wait(t, `"check":"redis durability"`, "you state it (REDIS_DURABILITY=provider)", "appendonly is off")
		rules := trail(t, s.Addr, "rules")
		if len(rules) != 1 || !strings.Contains(rules[0].Detail, "(REDIS_DURABILITY): provider") || !strings.Contains(rules[0].Detail, "(ALLOW_VOLATILE_REDIS): false") {
			t.Errorf("the trail has %+v", rules)
		}
		set("maxmemory-policy", "volatile-lru")
		l.log.wait(t, `"msg":"check failed"`, `"check":"redis eviction"`, "not noeviction but volatile-lru")
		l.notReady(t, "redis eviction: ", "set it to noeviction")
		launch(t, p, env).refused(t, "volatile-lru")
	})
}

// TestDiskWaited: with REDIS_WAIT_AOF=1 a change counts when it is on Redis's disk. While
// the disk does not confirm, the bot is not ready, people hear that what they did could be
// lost, and nothing is sent.
func TestDiskWaited(t *testing.T) {
	t.Parallel()
	redistest.Newer(t, func(t *testing.T, s *redistest.Server) {
		set := func(value string) {
			if err := s.Client(t).ConfigSet(limit(t), "appendfsync", value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		p := open(t, s.Addr, nil)
		env := p.Env()
		env.RedisWaitAOF, env.AllowVolatileRedis, env.HTTPAddr = "1", "", freeAddr(t)
		l := launchWith(t, p, env, app.Options{RecheckEvery: time.Second})
		l.becomes(t, p)
		l.log.wait(t, `"check":"redis durability"`, "appendonly is on, and a change was on the disk after ")
		id, c := pending(t, p, "investigate "+sandbox.Server+" why")
		set("no")
		says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "was recorded", "on its disk", "may be lost")
		card(t, p, id, "could not confirm that the call is stored safely")
		l.log.wait(t, `"msg":"check failed"`, `"check":"redis durability"`, "not on disk", "remove REDIS_WAIT_AOF")
		wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "redis durability: ", "not on disk")
		nothingSent(t, p)
		set("always")
		wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
		card(t, p, id, "Succeeded")
	})
}

// TestDiskUnknown: where Redis has no WAITAOF the bot is not ready and says what to do.
func TestDiskUnknown(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.RedisWaitAOF = "1"
	l := launch(t, p, env)
	l.log.wait(t, `"msg":"check failed"`, `"check":"redis"`, "redis refuses WAITAOF, which REDIS_WAIT_AOF needs", "use Redis 7.2 or newer or Valkey")
	l.notReady(t, "redis: ", "remove REDIS_WAIT_AOF")
}
