package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/internal/redistest"
)

// answer is what comes back.
type answer struct {
	status int
	policy string
	body   string
}

// ask sends one request under a name and with headers of the caller's choice.
func ask(t *testing.T, method, url, host string, header map[string]string, form url.Values) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	if host != "" {
		r.Host = host
	}
	out, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{out.StatusCode, out.Header.Get("Content-Security-Policy"), string(body)}
}

// TestSiteGuard is what other sites in the same browser cannot do.
func TestSiteGuard(t *testing.T) {
	site := sandboxAt(t)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(site, "http://"))
	say := url.Values{"as": {"ada"}, "in": {"incident-42"}, "text": {"hello"}}
	tests := []struct {
		name, method, path, host string
		header                   map[string]string
		want                     int
	}{
		{"the page", "GET", "/", "", nil, http.StatusOK},
		{"by its other name", "GET", "/", "localhost:" + port, nil, http.StatusOK},
		{"rebound", "GET", "/", "evil.example", nil, http.StatusMisdirectedRequest},
		{"rebound with the port", "GET", "/events", "evil.example:" + port, nil, http.StatusMisdirectedRequest},
		{"rebound act", "POST", "/say", "evil.example:" + port, map[string]string{"Origin": "http://evil.example:" + port}, http.StatusMisdirectedRequest},
		{"from the page", "POST", "/say", "", map[string]string{"Origin": site, "Sec-Fetch-Site": "same-origin"}, http.StatusNoContent},
		{"from another site", "POST", "/say", "", map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"from another origin", "POST", "/say", "", map[string]string{"Origin": "http://evil.example"}, http.StatusForbidden},
		{"from another port", "POST", "/say", "", map[string]string{"Origin": "http://127.0.0.1:1"}, http.StatusForbidden},
		{"acts are no links", "GET", "/say", "", nil, http.StatusMethodNotAllowed},
		{"no such file", "GET", "/page.tmpl", "", nil, http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			form := say
			if tt.method == http.MethodGet {
				form = nil
			}
			got := ask(t, tt.method, site+tt.path, tt.host, tt.header, form)
			if got.status != tt.want {
				t.Errorf("status %d, want %d: %s", got.status, tt.want, got.body)
			}
			if got.policy != policy {
				t.Errorf("the policy is %q", got.policy)
			}
		})
	}
}

// TestNothingInline keeps scripts and styles out of the page itself: the
// policy would not let them run.
func TestNothingInline(t *testing.T) {
	body := ask(t, http.MethodGet, sandboxAt(t)+"/", "", nil, nil).body
	for _, bad := range []string{" style=", " onclick=", "<style", "https://fonts", "javascript:"} {
		if strings.Contains(body, bad) {
			t.Errorf("%q is in the page", bad)
		}
	}
}

// TestSiteSay is what the composer takes, seen by somebody else or only oneself.
func TestSiteSay(t *testing.T) {
	site := sandboxAt(t)
	tests := []struct {
		as, in, text string
		ada, ben     string // what is then on their pages
	}{
		{"ada", "incident-42", "<script>alert(1)</script>", "&lt;script&gt;", "&lt;script&gt;"},
		{"ada", "incident-42", "/nothing now", "/nothing is not a valid command.", ""},
		{"ben", "random", "/invite @defenderbot", "", "The app is in this channel now."},
	}
	for _, tt := range tests {
		got := ask(t, http.MethodPost, site+"/say", "", nil, url.Values{"as": {tt.as}, "in": {tt.in}, "text": {tt.text}})
		if got.status != http.StatusNoContent {
			t.Errorf("%s: %d %s", tt.text, got.status, got.body)
		}
		for who, want := range map[string]string{"ada": tt.ada, "ben": tt.ben} {
			page := ask(t, http.MethodGet, site+"/?as="+who+"&in="+tt.in, "", nil, nil).body
			if !strings.Contains(page, want) {
				t.Errorf("%s: %s does not see %q", tt.text, who, want)
			}
			if want == "" && strings.Contains(page, tt.ada+tt.ben) {
				t.Errorf("%s: %s sees what is for the other alone", tt.text, who)
			}
		}
	}
}

// waitForEvent reads the page's events until one says what.
func waitForEvent(t *testing.T, address, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), what) {
			return
		}
	}
	t.Fatalf("no event says %q: %v", what, lines.Err())
}

// TestPrivateAnswer: what the bot tells one person alone is shown as Slack would
// show it, by its blocks.
func TestPrivateAnswer(t *testing.T) {
	site := sandboxAt(t)
	page := func(who string) string {
		return ask(t, http.MethodGet, site+"/?as="+who+"&in=incident-42", "", nil, nil).body
	}
	waitForEvent(t, site+"/events?as=ada&in=incident-42", "2 sockets")
	ask(t, http.MethodPost, site+"/say", "", nil, url.Values{"as": {"ada"}, "in": {"incident-42"}, "text": {"/defender help"}})
	const blocks = `<div class="bk-rich">`
	if mine, theirs := page("ada"), page("grace"); !strings.Contains(mine, blocks) || strings.Contains(theirs, blocks) {
		t.Errorf("who asked sees %d blocks, somebody else %d", strings.Count(mine, blocks), strings.Count(theirs, blocks))
	}
}

// TestWrongActs are refused in words.
func TestWrongActs(t *testing.T) {
	site := sandboxAt(t)
	tests := []struct {
		path string
		form url.Values
		want string
	}{
		{"/click", url.Values{"ts": {"1.2"}, "action": {"approve"}}, "That is not there any more.\n"},
		{"/submit", url.Values{"view": {"V0"}}, "That is not there any more.\n"},
		{"/close", url.Values{"view": {"V0"}}, "That is not there any more.\n"},
		{"/trouble", url.Values{"what": {"flood"}}, "nothing is called \"flood\"\n"},
		{"/trouble", url.Values{"what": {"start"}}, "the bot runs already\n"},
	}
	stranger := ask(t, http.MethodPost, site+"/say", "", nil, url.Values{"as": {"nobody"}, "in": {"incident-42"}, "text": {"hello"}})
	if stranger.status != http.StatusBadRequest {
		t.Errorf("somebody who is not there says something: status %d", stranger.status)
	}
	for _, tt := range tests {
		tt.form.Set("as", "ada")
		tt.form.Set("in", "incident-42")
		got := ask(t, http.MethodPost, site+tt.path, "", nil, tt.form)
		if got.status != http.StatusConflict {
			t.Errorf("%s: status %d", tt.path, got.status)
		}
		if diff := cmp.Diff(tt.want, got.body); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", tt.path, tt.form, diff)
		}
	}
}

func TestRunArguments(t *testing.T) {
	full := redistest.Mini(t)
	if err := full.Set("somebody", "else's"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"-addr", "0.0.0.0:0"}, `-addr: "0.0.0.0:0" is not on this machine; the page lets anybody be anybody`},
		{[]string{"-addr", ":0"}, `-addr: ":0" is not on this machine; the page lets anybody be anybody`},
		{[]string{"-addr", "here"}, "-addr: address here: missing port in address"},
		{[]string{"serve"}, `unknown argument "serve"; see -help`},
		{[]string{"-play", "-serve-only"}, "-play goes with neither -serve-only nor -addr; see -help"},
		{[]string{"-env", "bot.env"}, "-env goes with -serve-only; see -help"},
		{[]string{"-redis", "nonsense"}, "-redis: not an address such as redis://127.0.0.1:6379/1"},
		{[]string{"-redis", "redis://127.0.0.1:1"}, "-redis: 127.0.0.1:1 cannot be used: dial tcp 127.0.0.1:1: connect: connection refused"},
		{[]string{"-redis", "redis://" + full.Addr()}, "-redis: database 0 of " + full.Addr() + " is not empty (1 keys); take another one"},
	}
	for _, tt := range tests {
		err := run(t.Context(), tt.args, io.Discard)
		if err == nil || err.Error() != tt.want {
			t.Errorf("sandbox %q: %v; want %s", tt.args, err, tt.want)
		}
	}
}

// TestPortTaken takes a free port where the usual one is in use, and none
// where somebody has asked for a port.
func TestPortTaken(t *testing.T) {
	first, err := listen(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	second, err := listen(t.Context(), "")
	if err != nil {
		t.Fatalf("with the usual port in use: %v", err)
	}
	defer second.Close()
	if third, err := listen(t.Context(), first.Addr().String()); err == nil {
		third.Close()
		t.Errorf("%s was opened twice", first.Addr())
	}
}
