package app_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// TestRedisFaults puts Redis into each state in which it answers, even to a ping,
// and takes no change: /readyz, log and metric say which it is and what mends it,
// and people that nothing was recorded.
func TestRedisFaults(t *testing.T) {
	t.Parallel()
	config := func(name, bad, good string) func(*testing.T, *redistest.Server) func() {
		return func(t *testing.T, s *redistest.Server) func() {
			t.Helper()
			set := func(value string) {
				if err := s.Client(t).ConfigSet(limit(t), name, value).Err(); err != nil {
					t.Fatal(err)
				}
			}
			set(bad)
			return func() { set(good) }
		}
	}
	for _, tt := range []struct {
		fault, mend string
		begin       func(*testing.T, *redistest.Server) (end func())
	}{
		{"OOM", "raise maxmemory", config("maxmemory", "1mb", "0")},
		{"NOREPLICAS", "bring Redis's replicas back", config("min-replicas-to-write", "1", "0")},
		{"READONLY", "point REDIS_URL at the master", func(t *testing.T, s *redistest.Server) func() {
			t.Helper()
			be := func(of ...any) {
				if err := s.Client(t).Do(limit(t), append([]any{"replicaof"}, of...)...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			be("127.0.0.1", "1")
			return func() { be("no", "one") }
		}},
		{"NOPERM", "docs/redis.md", func(t *testing.T, s *redistest.Server) func() {
			t.Helper()
			may := func(right string) {
				if err := s.Client(t).Do(limit(t), "acl", "setuser", "default", right).Err(); err != nil {
					t.Fatal(err)
				}
			}
			may("-get")
			return func() { may("+get") }
		}},
		{"NOAUTH", "the user and the password", func(t *testing.T, s *redistest.Server) func() {
			t.Helper()
			admin := s.Client(t)
			must := func(cmd ...any) {
				if err := admin.Do(limit(t), cmd...).Err(); err != nil {
					t.Fatal(err)
				}
			}
			must("config", "set", "requirepass", "secret")
			must("client", "kill", "type", "normal", "skipme", "yes")
			return func() { must("config", "set", "requirepass", "") }
		}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, s *redistest.Server) {
				p := open(t, s.Addr, nil)
				env := p.Env()
				env.HTTPAddr = freeAddr(t)
				var options app.Options
				if tt.fault != "OOM" { // of which only a write shows anything: /readyz has to make one
					options.RecheckEvery = time.Second
				}
				l := launchWith(t, p, env, options)
				l.becomes(t, p)
				id, c := pending(t, p, "investigate "+sandbox.Server+" why")
				l.log.wait(t, id, `"event":"show"`)
				end := tt.begin(t, s)
				wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "redis: ", tt.fault, tt.mend)
				says(t, "command", timed(t, p, "collect "+sandbox.Laptop+" why"), "Nothing was recorded")
				says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "Nothing was recorded")
				l.log.wait(t, `"msg":"check failed"`, `"check":"redis"`, tt.fault, tt.mend)
				if n := metrics(t, env.HTTPAddr)[`defenderbot_redis_failures_total{fault="`+tt.fault+`"}`]; n == "" || n == "0" {
					t.Errorf("failures with %s: %q, want some", tt.fault, n)
				}
				nothingSent(t, p)
				end()
				wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
				says(t, "click", click(t, p, sandbox.Grace, c, "approve"), "You approved "+id)
				card(t, p, id, "Succeeded")
			})
		})
	}
}

// TestRedisChangesLater changes what was checked at the start, in a bot that runs:
// it is checked again, the bot is not ready, and says so once.
func TestRedisChangesLater(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ option, bad, good, check, want string }{
		"eviction switched on":     {"maxmemory-policy", "allkeys-lru", "noeviction", "redis eviction", "maxmemory-policy is not noeviction but allkeys-lru"},
		"persistence switched off": {"appendonly", "no", "yes", "redis durability", "appendonly is off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, s *redistest.Server) {
				p := open(t, s.Addr, nil)
				env := p.Env()
				env.AllowVolatileRedis = ""
				l := launchWith(t, p, env, app.Options{RecheckEvery: time.Second})
				l.becomes(t, p)
				set := func(value string) {
					if err := s.Client(t).ConfigSet(limit(t), tt.option, value).Err(); err != nil {
						t.Fatal(err)
					}
				}
				set(tt.bad)
				l.log.wait(t, `"msg":"check failed"`, `"check":"`+tt.check+`"`, tt.want)
				l.notReady(t, tt.check+": ", tt.want)
				set(tt.good)
				l.log.wait(t, `"msg":"check passed"`, `"check":"`+tt.check+`"`, `"level":"INFO"`)
				l.becomes(t, p)
				if text, _ := l.log.read(); strings.Count(text, tt.want) != 1 {
					t.Errorf("said %d times, want once", strings.Count(text, tt.want))
				}
			})
		})
	}
}

// TestRedisReplicaGone starts without the replica that each change needs, and
// loses it later.
func TestRedisReplicaGone(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		p := open(t, s.Addr, nil)
		env := p.Env()
		env.RedisWaitReplicas, env.HTTPAddr = "1", freeAddr(t)
		l := launch(t, p, env)
		l.log.wait(t, `"msg":"check failed"`, `"check":"redis"`, "REDIS_WAIT_REPLICAS is 1, and 0 replicas confirm a write")
		wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "too few replicas", "lower REDIS_WAIT_REPLICAS")
		replica := redistest.StartReplica(t, s)
		l.becomes(t, p)
		wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
		replica.Shutdown(t)
		wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "too few replicas")
		replica.Up(t)
		wantReady(t, env.HTTPAddr, http.StatusOK, "ready")
	})
}

// TestRedisRenamed has servers without a command that the bot needs: it is not
// ready and says which.
func TestRedisRenamed(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"EVALSHA", "EVAL", "SCRIPT", "XADD", "TIME"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			redistest.Real(t, func(t *testing.T, _ *redistest.Server) {
				s := redistest.Start(t, "--rename-command", command, "")
				p := open(t, s.Addr, nil)
				l := launch(t, p, p.Env())
				l.log.wait(t, `"msg":"check failed"`, `"check":"redis"`, "nknown", "do not rename")
				l.notReady(t, "redis: ", "do not rename")
			})
		})
	}
}

// TestRedisVolatileWarned warns of a Redis that may lose what it confirmed, once, and
// not of one that does not.
func TestRedisVolatileWarned(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		const warning = "redis may lose approvals"
		p := open(t, s.Addr, nil)
		l := launch(t, p, p.Env())
		l.becomes(t, p)
		if text, _ := l.log.read(); strings.Contains(text, warning) {
			t.Error("it warns of a durable Redis")
		}
		if err := s.Client(t).ConfigSet(limit(t), "appendonly", "no").Err(); err != nil {
			t.Fatal(err)
		}
		var asked infoHook
		l = launchWith(t, p, p.Env(), app.Options{RecheckEvery: time.Second, Hook: &asked})
		l.becomes(t, p)
		l.log.wait(t, `"level":"WARN"`, warning, "appendonly is off", "windows of Microsoft's limits")
		redistest.Eventually(t, "it is checked twice more", func(context.Context) bool { return asked.n.Load() >= 6 })
		if text, _ := l.log.read(); strings.Count(text, warning) != 1 {
			t.Errorf("it warns %d times, want once", strings.Count(text, warning))
		}
	})
}

// infoHook counts what Redis is asked about itself, leaves a field out of the answers, and
// changes others.
type infoHook struct {
	hides string
	says  map[string]string
	n     atomic.Int64
}

// DialHook changes nothing.
func (h *infoHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing.
func (h *infoHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook changes the answer to INFO.
func (h *infoHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if answer, ok := cmd.(*redis.StringCmd); ok && cmd.Name() == "info" {
			h.n.Add(1)
			lines := slices.DeleteFunc(strings.SplitAfter(answer.Val(), "\n"), func(l string) bool {
				name, _, _ := strings.Cut(l, ":")
				return name == h.hides && name != "" || h.says[name] != ""
			})
			for name, value := range h.says {
				lines = append(lines, name+":"+value+"\r\n")
			}
			answer.SetVal(strings.Join(lines, ""))
		}
		return err
	}
}

// TestRedisClockJumps has the clock of Redis jump an hour ahead: it is said and
// counted once, by one of two processes.
func TestRedisClockJumps(t *testing.T) {
	t.Parallel()
	mini := redistest.Mini(t)
	p := open(t, mini.Addr(), nil)
	var bots []*launched
	jumps := 0
	env := p.Env()
	addrs := []string{freeAddr(t), freeAddr(t)}
	for _, addr := range addrs {
		env.HTTPAddr = addr
		l := launch(t, p, env)
		l.becomes(t, p)
		bots = append(bots, l)
	}
	runAhead(t, mini, time.Hour)
	told := func() (n int) {
		for _, l := range bots {
			text, _ := l.log.read()
			n += strings.Count(text, `"level":"WARN","msg":"redis clock jumped","by":"1h0m`) + strings.Count(text, `"level":"WARN","msg":"redis clock jumped","by":"59m59`)
		}
		return n
	}
	redistest.Eventually(t, "somebody says so", func(context.Context) bool { return told() > 0 })
	id, c := pending(t, p, "investigate "+sandbox.Server+" why")
	click(t, p, sandbox.Grace, c, "approve")
	card(t, p, id, "Succeeded")
	for _, addr := range addrs {
		if metrics(t, addr)["defenderbot_redis_clock_jumps_total"] == "1" {
			jumps++
		}
	}
	if told() != 1 || jumps != 1 {
		t.Errorf("said %d times, counted by %d processes; want one", told(), jumps)
	}
}
