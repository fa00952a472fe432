package bot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// everyCall is each method of the Web API as the bot calls it.
func everyCall(t *testing.T, o outside) map[string]func() error {
	t.Helper()
	shown := o.post(t, reminded(pending("investigate", 1)))
	turn := func() { o.clock.Advance(time.Minute) } // also makes what is remembered old
	return map[string]func() error{
		"chat.postMessage": func() error { turn(); _, err := o.slack.Show(t.Context(), pending("investigate", 1)); return err },
		"chat.update":      func() error { turn(); _, err := o.slack.Show(t.Context(), shown); return err },
		"auth.test":        func() error { return o.slack.Check(t.Context()) },
		"users.info":       func() error { turn(); _, err := o.slack.Facts(t.Context(), ada); return err },
		"conversations.info": func() error {
			turn()
			_, err := o.slack.Channel(t.Context(), room)
			return err
		},
		"usergroups.list":       func() error { _, err := o.slack.GroupNamed(t.Context(), "soc"); return err },
		"usergroups.users.list": func() error { turn(); _, err := o.slack.Group(t.Context(), "S0OFF"); return err },
		"apps.connections.open": func() error { _, err := o.slack.OpenSocket(t.Context()); return err },
		"chat.delete":           func() error { return o.slack.Retire(t.Context(), room, shown.Card.TS) },
		"views.open": func() error {
			return o.slack.openForm(t.Context(), "1.2.trigger", views().denyView(pending("investigate", 1), "{}"))
		},
		"chat.postEphemeral": func() error {
			_, err := o.slack.api.PostEphemeralContext(t.Context(), room, ada, message("x", nil)...)
			return err
		},
		"conversations.open": func() error { return o.slack.direct(t.Context(), ada, message("x", nil)) },
	}
}

// TestAnswersWithoutContent gives each method answers that are JSON or not, and that
// speak neither yes nor no, or lack what the bot goes on with.
func TestAnswersWithoutContent(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.AddGroup(slackfake.Group{ID: "S0SOC", Handle: "soc", Members: []string{ada}})
	o.AddGroup(slackfake.Group{ID: "S0OFF", Handle: "off", Members: []string{ada}, Disabled: true})
	for method, call := range everyCall(t, o) {
		bodies := []string{
			"{}", "null", " ", "[]", `"ok"`, "true", "<html>gateway", `{"ok":"true"}`, `{"ok":null}`, `{"ok":1}`, `{"ok":false}`,
			`{"ok":false,"error":" "}`, `{"ok":true`, `{"error":"is_archived"}`, `{"ok":"false","error":"message_not_found"}`,
		}
		if len(needs(method)) > 0 {
			bodies = append(bodies, `{"ok":true}`,
				`{"ok":true,"ts":"","message_ts":"","url":"","team_id":"","channel":{},"user":{"id":""},"view":null,"users":null,"usergroups":{}}`)
		}
		for _, body := range bodies {
			off := o.Break(slackfake.Fault{Method: method, Body: body})
			err := call()
			off()
			if err == nil {
				t.Errorf("%s: %s counts as success", method, body)
				continue
			}
			if isNoPlace(err) || errors.Is(err, approvals.ErrGone) || errors.Is(err, ErrPermanent) {
				t.Errorf("%s: %s counts as a refusal: %v", method, body, err)
			}
			o.mustHide(t, err)
		}
	}
}

// TestAnswersOtherPerson: what is asked of one person must not be taken for
// another's.
func TestAnswersOtherPerson(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{Method: "users.info", Body: `{"ok":true,"user":{"id":"U0GRACE","team_id":"` + o.TeamID() + `"}}`})
	if f, err := o.slack.Facts(t.Context(), ada); err == nil {
		t.Errorf("the facts of ada are %+v", f)
	}
}

// TestAnswersWithEmptyLists: a list may be empty.
func TestAnswersWithEmptyLists(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{Method: "usergroups.users.list", Body: `{"ok":true,"users":[]}`})
	if got, err := membersOf(t.Context(), o.slack, "S1"); err != nil || len(got) != 0 {
		t.Errorf("an empty group: %v, %v", got, err)
	}
}

// TestAnswersWithoutEcho: of a message that an answer repeats, the blocks are left out and the rest stays.
func TestAnswersWithoutEcho(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.Break(slackfake.Fault{Method: "chat.postMessage", Body: `{"ok":true,"channel":"C0INCIDENT","ts":"1.2","message":{"thread_ts":"1.1","blocks":[{"type":"rich_text"}]}}`})
	_, ts, got, err := o.slack.api.PostMessageWithResponseContext(t.Context(), room, message("x", nil)...)
	if err != nil || ts != "1.2" || got.ThreadTimestamp != "1.1" || len(got.Blocks.BlockSet) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRetryAfterText(t *testing.T) {
	now := time.Date(2026, 3, 1, 3, 0, 0, 300e6, time.UTC)
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 7 ": 7 * time.Second, "0": time.Second, "-1": time.Second, "-99999999999999999999": time.Second,
		"0.2": time.Second, "1.5": 2 * time.Second, "30.0": 30 * time.Second, "99999999999999999999": retryMost,
		"inf": retryMost, "3600": retryMost, "NaN": retryUnsaid, "1e400": retryUnsaid, "": retryUnsaid, "soon": retryUnsaid, "1 minute": retryUnsaid,
		"Sun, 01 Mar 2026 03:00:05 GMT": 5 * time.Second, "Sun, 01 Mar 2026 02:00:00 GMT": time.Second,
		"Sun, 01 Mar 2099 03:00:05 GMT": retryMost,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: %s, want %s", header, got, want)
		}
	}
}

// TestRetryAfterOnTheWire sends them through the library.
func TestRetryAfterOnTheWire(t *testing.T) {
	o := visit(t, slackfake.Options{})
	date := o.clock.Now().Add(9 * time.Minute).UTC().Format(http.TimeFormat)
	for i, header := range []string{date, "0", "-5", "2.5", "soon"} {
		want := []time.Duration{9 * time.Minute, time.Second, time.Second, 3 * time.Second, retryUnsaid}[i]
		off := o.Break(slackfake.Fault{Method: "users.info", RetryText: header})
		_, err := o.slack.Facts(t.Context(), ada)
		off()
		o.clock.Advance(want + time.Second) // until then it is not asked again
		if limited, is := errors.AsType[*approvals.Later](err); !is || limited.After < want || limited.After > want+time.Second {
			t.Errorf("%q: %v, want %s", header, err, want)
		}
	}
}

// TestRedirects: the token goes to the Web API and nowhere else.
func TestRedirects(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		t.Errorf("%s %s came elsewhere: %s", r.Method, r.URL, text)
	}))
	defer elsewhere.Close()
	for location, want := range map[string]string{
		elsewhere.URL + "/sign-in?token=xoxb-1#xoxb-1": "HTTP 307 leads to " + elsewhere.URL + "/sign-in, and redirects are not followed",
		"%zz": "HTTP 307",
	} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		defer api.Close()
		_, err := NewWorkspace(t.Context(), WorkspaceConfig{APIURL: api.URL + "/api/", BotToken: "xoxb-1", Clock: time.Now})
		if err == nil || !strings.HasSuffix(err.Error(), "auth.test: unusable answer: "+want) || strings.Contains(err.Error(), "xoxb-1") {
			t.Errorf("%v, want one that ends with %q", err, want)
		}
	}
}

// relay passes connections on until it goes silent: what is open then stays open
// and carries nothing any more. New ones are passed on.
type relay struct {
	net.Listener

	mu     sync.Mutex
	silent []func()
	dialed int
}

func newRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: l}
	var open sync.WaitGroup
	t.Cleanup(func() { l.Close(); open.Wait() })
	open.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			mute := make(chan struct{})
			r.mu.Lock()
			r.dialed++
			r.silent = append(r.silent, sync.OnceFunc(func() { close(mute) }))
			r.mu.Unlock()
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				open.Go(func() { pass(way[0], way[1], mute) })
			}
		}
	})
	return r
}

// pass copies until one end is closed; once mute is closed it only swallows.
func pass(from, to net.Conn, mute chan struct{}) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-mute:
		default:
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
	}
}

// quiet mutes what is open, and returns how many connections there were so far.
func (r *relay) quiet() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, mute := range r.silent {
		mute()
	}
	return r.dialed
}

// TestTransportHeals has a connection go silent while calls share it: it is given
// up, and the next call has another one. Without pings it is used again and again.
func TestTransportHeals(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("%s, want HTTP/2", r.Proto)
		}
		w.WriteHeader(http.StatusOK)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	way := newRelay(t, server.Listener.Addr().String())
	tr := transport(pings{after: 50 * time.Millisecond, wait: 50 * time.Millisecond})
	defer tr.CloseIdleConnections()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	tr.TLSClientConfig = &tls.Config{RootCAs: roots}
	get := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+way.Addr().String(), strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		res, err := tr.RoundTrip(req)
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	if err := get(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	before := way.quiet()
	// The call that is under way fails; how long that takes is the pings' business.
	if err := get(10 * time.Second); err == nil {
		t.Log("the connection was found dead before the call")
	} else if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a silent connection was not given up: %v", err)
	}
	if err := get(10 * time.Second); err != nil {
		t.Errorf("after it: %v", err)
	}
	if way.quiet() == before {
		t.Error("no other connection was made")
	}
}
