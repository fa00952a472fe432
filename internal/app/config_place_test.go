package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/app"
)

func TestClouds(t *testing.T) {
	t.Parallel()
	for _, want := range defender.Clouds() {
		got := config(t, changed(func(e *app.Env) { e.Cloud = want.Name })).Cloud
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Name, diff)
		}
	}
}

// TestCloudOverrides checks that each override changes its own part and leaves
// the cloud's others.
func TestCloudOverrides(t *testing.T) {
	t.Parallel()
	eu, _ := defender.CloudNamed("eu")
	for _, tt := range []struct {
		name   string
		change func(*app.Env)
		want   func(*defender.Cloud)
	}{
		{"api", func(e *app.Env) { e.DefenderAPIURL = "https://d.example/" }, func(c *defender.Cloud) { c.BaseURL = "https://d.example" }},
		{"authority", func(e *app.Env) { e.AuthorityHost = "https://l.example/" }, func(c *defender.Cloud) { c.Authority = "https://l.example" }},
		{"scope", func(e *app.Env) { e.DefenderScope = "api://d/.default" }, func(c *defender.Cloud) { c.Scope = "api://d/.default" }},
	} {
		e, want := changed(tt.change), eu
		e.Cloud = "eu"
		tt.want(&want)
		if diff := cmp.Diff(want, config(t, e).Cloud); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		allowed string
		want    bool
	}{
		{"https://d.example", "", true},
		{"http://127.0.0.1:8080", "", true},
		{"http://127.8.9.1", "false", true},
		{"http://[::1]:8080", "", true},
		{"http://localhost:1", "", true},
		{"http://d.example", "", false},
		{"http://10.0.0.1", "", false},
		{"http://localhost.d.example", "", false},
		{"http://d.example", "true", true},
		{"ftp://127.0.0.1", "true", false},
		{"//127.0.0.1", "true", false},
		{"127.0.0.1:8080", "true", false},
	} {
		for name, set := range map[string]func(*app.Env){
			"SLACK_API_URL":        func(e *app.Env) { e.SlackAPIURL = tt.address },
			"DEFENDER_API_URL":     func(e *app.Env) { e.DefenderAPIURL = tt.address },
			"AZURE_AUTHORITY_HOST": func(e *app.Env) { e.AuthorityHost = tt.address },
		} {
			e := changed(set)
			e.AllowInsecureHTTP = tt.allowed
			got := problems(t, e)
			if (got == nil) != tt.want || got != nil && !strings.HasPrefix(got[0], name+": ") {
				t.Errorf("%s=%s, ALLOW_INSECURE_HTTP=%s: problems %q, want taken %v", name, tt.address, tt.allowed, got, tt.want)
			}
		}
	}
}

// redisClient is the client that a REDIS_URL gives.
func redisClient(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	rdb := config(t, changed(func(e *app.Env) { e.RedisURL = url })).Redis()
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil {
			t.Error(err)
		}
	})
	return rdb
}

// TestRedisURL reads the forms of one server and of Sentinel, where the user in
// front of the host is Sentinel's own.
func TestRedisURL(t *testing.T) {
	t.Parallel()
	type shape struct {
		Network, Addr, User, Password string
		DB                            int
		TLS                           bool
	}
	for url, want := range map[string]shape{
		"redis://h:6380/3":            {"tcp", "h:6380", "", "", 3, false},
		"redis://u:p@h":               {"tcp", "h:6379", "u", "p", 0, false},
		"rediss://:p@h:1":             {"tcp", "h:1", "", "p", 0, true},
		"unix:///run/redis.sock?db=2": {"unix", "/run/redis.sock", "", "", 2, false},
		"redis://su:sp@s:26379/1?master_name=m&username=u&password=p": {"tcp", "FailoverClient", "u", "p", 1, false},
		"rediss://s:26379?master_name=m&addr=s2:26379":                {"tcp", "FailoverClient", "", "", 0, true},
	} {
		rdb, ok := redisClient(t, url).(*redis.Client)
		if !ok {
			t.Errorf("%s does not give a client of one server", url)
			continue
		}
		o := rdb.Options()
		got := shape{o.Network, o.Addr, o.Username, o.Password, o.DB, o.TLSConfig != nil}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
		if o.MaxRetries > 0 || !o.ContextTimeoutEnabled {
			t.Errorf("%s: go-redis repeats %d times, heeds contexts %v; want 0 and true", url, o.MaxRetries, o.ContextTimeoutEnabled)
		}
		if o.ConnMaxIdleTime != 15*time.Second {
			t.Errorf("%s: connections are kept %v, want 15s", url, o.ConnMaxIdleTime)
		}
	}
}

func TestRedisCluster(t *testing.T) {
	t.Parallel()
	rdb, ok := redisClient(t, "rediss://u:p@n1:7000?addr=n2:7001&addr=n3:7002").(*redis.ClusterClient)
	if !ok {
		t.Fatal("it does not give a client of a cluster")
	}
	o := rdb.Options()
	if diff := cmp.Diff([]string{"n1:7000", "n2:7001", "n3:7002"}, o.Addrs); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	if o.Username != "u" || o.Password != "p" || o.TLSConfig == nil || !o.ContextTimeoutEnabled {
		t.Errorf("user %q, TLS %v, heeds contexts %v", o.Username, o.TLSConfig != nil, o.ContextTimeoutEnabled)
	}
	if o.ConnMaxIdleTime != 15*time.Second {
		t.Errorf("connections are kept %v, want 15s", o.ConnMaxIdleTime)
	}
}

// TestRedisIdleTime has a REDIS_URL say how long connections are kept.
func TestRedisIdleTime(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", "&master_name=m", "&addr=h2:6379"} {
		var got time.Duration
		switch rdb := redisClient(t, "redis://h?conn_max_idle_time=1m"+more).(type) {
		case *redis.Client:
			got = rdb.Options().ConnMaxIdleTime
		case *redis.ClusterClient:
			got = rdb.Options().ConnMaxIdleTime
		}
		if got != time.Minute {
			t.Errorf("%q: connections are kept %v, want 1m", more, got)
		}
	}
}

// TestRedisProtocol: it is version 2, unless a REDIS_URL says something else.
func TestRedisProtocol(t *testing.T) {
	t.Parallel()
	for _, more := range []string{"", "&master_name=m", "&addr=h2:6379"} {
		for url, want := range map[string]int{"redis://h?conn_max_idle_time=1m": 2, "redis://h?protocol=3": 3} {
			var got int
			switch rdb := redisClient(t, url+more).(type) {
			case *redis.Client:
				got = rdb.Options().Protocol
			case *redis.ClusterClient:
				got = rdb.Options().Protocol
			}
			if got != want {
				t.Errorf("%s%s: protocol %d, want %d", url, more, got, want)
			}
		}
	}
}

func TestRedisURLRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"redis:6379",
		secret,
		"http://:" + secret + "@h",
		"redis://:" + secret + "%zz@h",
		"redis://:" + secret + "@h:port",
		"redis://:" + secret + "@h/notanumber",
		"redis://:" + secret + "@h/-1",
		"redis://:" + secret + "@h?no_such_option=1",
		"redis://:" + secret + "@h?master_name=m&no_such_option=1",
		"redis://:" + secret + "@h?addr=h2&read_timeout=long",
		"unix://",
	} {
		got := problems(t, changed(func(e *app.Env) { e.RedisURL = url }))
		if len(got) != 1 || !strings.HasPrefix(got[0], "REDIS_URL: ") {
			t.Errorf("%s: problems %q, want one about REDIS_URL", url, got)
		}
		if strings.Contains(strings.Join(got, "\n"), secret) {
			t.Errorf("problems %q show the password", got)
		}
	}
}
