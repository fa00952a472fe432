package app_test

import (
	"bufio"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/app"
	"defenderbot/internal/redistest"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// probe asks a path of the bot's own server.
func probe(t *testing.T, addr, path string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(limit(t), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func wantProbe(t *testing.T, addr, path string, status int, words ...string) {
	t.Helper()
	got, body := probe(t, addr, path)
	if got != status {
		t.Errorf("%s: status %d, want %d: %s", path, got, status, body)
	}
	says(t, path, body, words...)
}

// wantReady is wantProbe of /readyz for what has just changed: what it says about
// Redis can be a second old.
func wantReady(t *testing.T, addr string, status int, words ...string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ctx := limit(t)
	for {
		got, body := probe(t, addr, "/readyz")
		if got == status && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(body, w) }) {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("/readyz: status %d, want %d, with %q in it: %s", got, status, words, body)
		}
	}
}

// TestHealth takes one thing after the other away from the bot: /readyz names
// it, and /healthz does not mind.
func TestHealth(t *testing.T) {
	t.Parallel()
	mini := redistest.Mini(t)
	const password = "redis-password-1"
	mini.RequireAuth(password)
	p := open(t, mini.Addr(), nil)
	env := p.Env()
	env.RedisURL, env.HTTPAddr = "redis://:"+password+"@"+mini.Addr(), freeAddr(t)
	mini.SetError("LOADING Redis is loading the dataset in memory")
	mend := p.Slack.Break(slackfake.Fault{Method: "auth.test", Status: 503})

	l := launch(t, p, env)
	l.log.wait(t, "check failed", `"check":"slack"`)
	wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusServiceUnavailable, "not ready: slack: ", "503", "start: not connected yet")
	if got := metrics(t, env.HTTPAddr); got["defenderbot_sockets"] != "0" || got["defenderbot_approvers"] != "0" {
		t.Errorf("%q sockets and %q approvers, want 0: no socket while it starts", got["defenderbot_sockets"], got["defenderbot_approvers"])
	}
	mend()
	l.log.wait(t, "check failed", `"check":"redis"`)
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusServiceUnavailable, "not ready: redis: ", "LOADING")
	mini.SetError("")
	l.becomes(t, p)
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusOK, "ready")

	sockets(t, env.HTTPAddr, "2")
	mini.SetError("LOADING again")
	wantReady(t, env.HTTPAddr, http.StatusServiceUnavailable, "not ready: redis: ", "LOADING again", "Redis is loading its data")
	wantProbe(t, env.HTTPAddr, "/healthz", http.StatusOK, "ok")
	refuse := p.Slack.Break(slackfake.Fault{Method: "apps.connections.open", Status: 503})
	defer refuse()
	p.Slack.Cut(p.Slack.Sockets()...)
	sockets(t, env.HTTPAddr, "0")
	wantProbe(t, env.HTTPAddr, "/readyz", http.StatusServiceUnavailable, "slack: no socket is open", "redis: ", "LOADING again")
	if text, _ := l.log.read(); strings.Contains(text, password) || strings.Contains(text, p.Slack.BotToken()) {
		t.Error("the log has a secret in it")
	}
}

// metrics are the samples of /metrics by name and labels.
func metrics(t *testing.T, addr string) map[string]string {
	t.Helper()
	status, body := probe(t, addr, "/metrics")
	if status != http.StatusOK {
		t.Fatalf("/metrics: status %d", status)
	}
	samples := map[string]string{}
	for s := bufio.NewScanner(strings.NewReader(body)); s.Scan(); {
		if name, value, ok := strings.Cut(s.Text(), " "); ok && name != "#" {
			samples[name] = value
		}
	}
	return samples
}

// sockets waits until the bot says that want of them are open.
func sockets(t *testing.T, addr, want string) {
	t.Helper()
	sample(t, addr, "defenderbot_sockets", want)
}

// sample waits, as a prober does, until a metric has a value.
func sample(t *testing.T, addr, name, want string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ctx := limit(t)
	for {
		got := metrics(t, addr)[name]
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s is %q, want %s", name, got, want)
		}
	}
}

// TestNoServer switches the server off with an empty HTTP_ADDR, which must
// not stop the bot.
func TestNoServer(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	if env.HTTPAddr != "" {
		t.Fatalf("HTTP_ADDR is %q", env.HTTPAddr)
	}
	run(t, p, env, app.Options{})
	pending(t, p, "investigate "+sandbox.Server+" why")
}

// TestAddressTaken cannot listen where HTTP_ADDR says: the bot ends and names
// the variable.
func TestAddressTaken(t *testing.T) {
	t.Parallel()
	p := open(t, redistest.Mini(t).Addr(), nil)
	env := p.Env()
	env.HTTPAddr = strings.TrimPrefix(p.Defender.URL(), "http://")
	l := launch(t, p, env)
	select {
	case err := <-l.ended:
		if err == nil {
			t.Fatal("ended without an error")
		}
		says(t, "error", err.Error(), "HTTP_ADDR", "address already in use")
	case <-limit(t).Done():
		t.Fatal("the bot goes on")
	}
}
