package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
)

// lineOf is what the doctor is to say about something.
type lineOf struct {
	about string
	grade app.Grade
	words string // of what it says or what mends it
}

// diagnosed checks that the doctor says these lines, each with a mend unless it is well.
func diagnosed(t *testing.T, what string, p *sandbox.Place, env app.Env, o app.Options, want ...lineOf) {
	t.Helper()
	var found []app.Finding
	if err := newBot(t, p, env, o).Examine(limit(t), func(f app.Finding) { found = append(found, f) }); err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if !slices.ContainsFunc(found, func(f app.Finding) bool {
			return f.About == w.about && f.Grade == w.grade && strings.Contains(f.Says+" -> "+f.Mend, w.words) && (f.Grade != app.Doubt || f.Mend != "")
		}) {
			t.Errorf("%s: no line %q about %s with %q in:\n%s", what, w.grade, w.about, w.words, joined(found))
		}
	}
}

func joined(found []app.Finding) string {
	lines := make([]string, len(found))
	for i, f := range found {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// TestDoctorRedisReports: what Redis reports of itself is said, and what it does not report
// is told from what is bad.
func TestDoctorRedisReports(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		p := open(t, s.Addr, nil)
		sandboxed := p.Env()
		env := sandboxed
		env.AllowVolatileRedis = ""
		stated := env
		stated.RedisDurability = "provider"
		for _, tt := range []struct {
			what string
			env  app.Env
			hook *infoHook
			want []lineOf
		}{
			{"as it is", env, &infoHook{}, []lineOf{
				{"redis", app.Well, "accepts everything"},
				{"redis durability", app.Well, "appendonly is on"},
				{"redis eviction", app.Well, "noeviction"},
				{"redis version", app.Well, "Redis 7."},
				{"redis memory", app.Well, "maxmemory is not set"},
				{"redis replicas", app.Well, "0 online, and REDIS_WAIT_REPLICAS is 0"},
			}},
			{"a trial", sandboxed, &infoHook{hides: "aof_enabled"}, []lineOf{{"redis durability", app.Doubt, "not known whether redis is durable"}, {"redis eviction", app.Well, ""}}},
			{"a trial of what evicts", sandboxed, &infoHook{says: map[string]string{"maxmemory_policy": "allkeys-lru"}}, []lineOf{{"redis eviction", app.Doubt, "remove the variable"}}},
			{"no append-only file", env, &infoHook{says: map[string]string{"aof_enabled": "0"}}, []lineOf{{"redis durability", app.Wrong, "appendonly is off"}, {"redis eviction", app.Well, ""}}},
			{"append-only file not reported", env, &infoHook{hides: "aof_enabled"}, []lineOf{{"redis durability", app.Wrong, "does not report aof_enabled; set REDIS_DURABILITY=provider"}}},
			{"durability stated", stated, &infoHook{hides: "aof_enabled"}, []lineOf{{"redis durability", app.Well, "you state it (REDIS_DURABILITY=provider); Redis itself does not report it"}}},
			{"evicts", stated, &infoHook{says: map[string]string{"maxmemory_policy": "allkeys-lfu"}}, []lineOf{{"redis eviction", app.Wrong, "allkeys-lfu"}, {"redis durability", app.Well, ""}}},
			{"eviction not reported", env, &infoHook{hides: "maxmemory_policy"}, []lineOf{{"redis eviction", app.Wrong, "does not report maxmemory_policy"}}},
			{"no eviction stated", stated, &infoHook{hides: "maxmemory_policy"}, []lineOf{{"redis eviction", app.Well, "states that nothing is evicted"}}},
			{"old", env, &infoHook{says: map[string]string{"redis_version": "6.2.14"}}, []lineOf{{"redis version", app.Doubt, "Redis 6.2.14 is older"}}},
			{"Valkey", env, &infoHook{says: map[string]string{"redis_version": "7.2.4", "valkey_version": "8.0.1"}}, []lineOf{{"redis version", app.Well, "Valkey 8.0.1"}}},
			{"version not reported", env, &infoHook{hides: "redis_version"}, []lineOf{{"redis version", app.Unknown, "does not report its version"}}},
			{"memory", env, &infoHook{says: map[string]string{"used_memory": "83886080", "maxmemory": "104857600"}}, []lineOf{{"redis memory", app.Doubt, "80 MiB in use, 80 % of its maxmemory"}}},
			{"memory left", env, &infoHook{says: map[string]string{"used_memory": "73400320", "maxmemory": "104857600"}}, []lineOf{{"redis memory", app.Well, "70 %"}}},
			{"memory not reported", env, &infoHook{hides: "maxmemory"}, []lineOf{{"redis memory", app.Unknown, "does not report how much"}}},
			{"a replica", env, &infoHook{says: map[string]string{"role": "slave"}}, []lineOf{{"redis replicas", app.Wrong, "point REDIS_URL at the master"}}},
			{"replicas not reported", env, &infoHook{hides: "connected_slaves"}, []lineOf{{"redis replicas", app.Unknown, "does not report its replicas"}}},
		} {
			diagnosed(t, tt.what, p, tt.env, app.Options{Hook: tt.hook}, tt.want...)
		}
	})
}

// TestDoctorRedisReplicas counts those that are in step, and says what one less would mean.
func TestDoctorRedisReplicas(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		redistest.StartReplica(t, s)
		redistest.Eventually(t, "the replica is online", func(ctx context.Context) bool {
			return strings.Contains(s.Client(t).Info(ctx, "replication").Val(), "state=online")
		})
		p := open(t, s.Addr, nil)
		for _, tt := range []struct {
			wait, durability string
			want             lineOf
		}{
			{"0", "aof", lineOf{"redis replicas", app.Doubt, "set REDIS_WAIT_REPLICAS to 1"}},
			{"0", "provider", lineOf{"redis replicas", app.Well, "1 online"}},
			{"1", "aof", lineOf{"redis replicas", app.Doubt, "when one of them is down, nothing counts"}},
			{"2", "aof", lineOf{"redis replicas", app.Wrong, "1 online, and REDIS_WAIT_REPLICAS is 2"}},
		} {
			env := p.Env()
			env.RedisWaitReplicas, env.RedisDurability = tt.wait, tt.durability
			diagnosed(t, tt.wait+" by "+tt.durability, p, env, app.Options{}, tt.want)
		}
		env := p.Env()
		env.RedisWaitReplicas = "2"
		diagnosed(t, "too few", p, env, app.Options{}, lineOf{"redis", app.Wrong, "1 replicas confirm a write"})
	})
}

// TestDoctorRedisTime: how long Redis takes, and how far its clock is from this one's.
func TestDoctorRedisTime(t *testing.T) {
	t.Parallel()
	addr := redistest.Mini(t).Addr()
	off := func(by time.Duration) func() time.Time { return func() time.Time { return time.Now().Add(by) } }
	began := time.Now()
	slow := began
	for _, tt := range []struct {
		what  string
		clock func() time.Time
		want  lineOf
	}{
		{"no time passes", func() time.Time { return began }, lineOf{"redis round trip", app.Well, "no more than 50ms"}},
		{"much time passes", func() time.Time { slow = slow.Add(80 * time.Millisecond); return slow }, lineOf{"redis round trip", app.Doubt, "run the bot closer"}},
		{"in step", time.Now, lineOf{"redis clock", app.Well, "no more than a second apart"}},
		{"ahead", off(-time.Minute), lineOf{"redis clock", app.Doubt, "ahead of this machine's"}},
		{"behind", off(time.Minute), lineOf{"redis clock", app.Doubt, "behind this machine's"}},
	} {
		p := open(t, addr, func(o *sandbox.Options) { o.Now = tt.clock })
		diagnosed(t, tt.what, p, p.Env(), app.Options{}, tt.want)
	}
}

// TestDoctorRedisRefused: a Redis that cannot be reached is one line and not seven, one
// without scripts is named as such, and of both the rest is looked at.
func TestDoctorRedisRefused(t *testing.T) {
	t.Parallel()
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		scriptless := redistest.Start(t, "--rename-command", "EVALSHA", "")
		p := open(t, scriptless.Addr, nil)
		diagnosed(t, "no scripts", p, p.Env(), app.Options{},
			lineOf{"redis", app.Wrong, "a Redis without scripts cannot be used (the sharded clusters of OCI Cache"}, lineOf{"redis version", app.Well, "Redis"})
		p = open(t, s.Addr, nil)
		s.Kill(t)
		diagnosed(t, "down", p, p.Env(), app.Options{},
			lineOf{"redis", app.Wrong, "connection refused"}, lineOf{"redis version", app.Unknown, "neither is what else Redis reports"}, lineOf{"people", app.Doubt, "user group"})
		s.Up(t)
	})
}

// TestDoctorRedisSmallestACL: the doctor asks for nothing that the bot's user may not.
func TestDoctorRedisSmallestACL(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, url string, servers ...*redistest.Server) {
		t.Helper()
		p := open(t, servers[0].Addr, nil)
		env := p.Env()
		env.RedisURL, env.AllowVolatileRedis = url, ""
		diagnosed(t, url, p, env, app.Options{},
			lineOf{"redis", app.Well, ""}, lineOf{"redis durability", app.Well, ""}, lineOf{"redis eviction", app.Well, ""}, lineOf{"redis version", app.Well, ""})
		for _, s := range servers {
			if refused, err := s.Client(t).Do(limit(t), "acl", "log").Slice(); err != nil || len(refused) > 0 {
				t.Errorf("Redis refused %v, %v", refused, err)
			}
		}
	}
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		let(t, s.Client(t), smallest(t))
		ask(t, "redis://defenderbot:password@"+s.Addr, s)
	})
	redistest.Cluster(t, func(t *testing.T, c *redistest.Nodes) {
		all := c.Servers
		for _, s := range all {
			let(t, s.Client(t), slices.Concat(smallest(t), more(t, "a Cluster")))
		}
		ask(t, "redis://defenderbot:password@"+all[0].Addr+"?addr="+all[1].Addr, all...)
	})
}
