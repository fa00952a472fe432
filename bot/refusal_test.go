package bot

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"defenderbot/internal/slackfake"
)

func TestSessionRetriesRefusals(t *testing.T) {
	const tries = 3
	for name, tt := range map[string]struct {
		fault slackfake.Fault
		cause string
	}{
		"conflict at the handshake":     {slackfake.Fault{Method: "socket", Status: http.StatusConflict}, "slack refused a socket: HTTP 409"},
		"server error at the handshake": {slackfake.Fault{Method: "socket", Status: http.StatusInternalServerError}, "slack refused a socket: HTTP 500"},
		"cut at the handshake":          {slackfake.Fault{Method: "socket", Drop: true}, "connect a socket: "},
		"server error":                  {slackfake.Fault{Method: "apps.connections.open", Status: http.StatusInternalServerError}, "apps.connections.open: "},
		"internal_error":                {slackfake.Fault{Method: "apps.connections.open", Error: "internal_error"}, "apps.connections.open: internal_error"},
		"cut":                           {slackfake.Fault{Method: "apps.connections.open", Drop: true}, "apps.connections.open: "},
	} {
		t.Run(name, func(t *testing.T) {
			s, client := newWorkspace(t)
			tt.fault.Times = tries
			s.Break(tt.fault)
			w := watch(t, client.OpenSocket)
			w.happened("hello", 1)
			_, causes := w.pauses()
			if len(causes) != tries {
				t.Fatalf("%d failures in the log, want %d: %q", len(causes), tries, causes)
			}
			for _, cause := range causes {
				if !strings.Contains(cause, tt.cause) {
					t.Errorf("cause %q, want %q in it", cause, tt.cause)
				}
			}
		})
	}
}

// TestSessionRateLimit: a Retry-After is obeyed.
func TestSessionRateLimit(t *testing.T) {
	s, client := newWorkspace(t)
	s.Break(slackfake.Fault{Method: "apps.connections.open", RetryAfter: 1, Times: 1})
	w := watch(t, client.OpenSocket)
	w.happened("hello", 1)
	if waited := w.opened()[1].Sub(w.opened()[0]); waited < time.Second {
		t.Errorf("asked again after %v, and Slack had said 1 s", waited)
	}
}

// TestSessionRetriesDial: a dial that is refused is retried.
func TestSessionRetriesDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := "ws://" + l.Addr().String() + "/link/?ticket=nobody-is-there-4711"
	l.Close()
	s, client := newWorkspace(t)
	tries := 0
	w := watch(t, func(ctx context.Context) (string, error) {
		if tries++; tries <= 3 {
			return closed, nil
		}
		return client.OpenSocket(ctx)
	})
	w.happened("hello", 1)
	sockWait(t, s, "a socket", func() bool { return len(s.Sockets()) == 1 })
	if _, causes := w.pauses(); len(causes) != 3 || !strings.Contains(causes[0], "connection refused") {
		t.Errorf("causes %q", causes)
	}
}

// TestSessionWrongGreeting: the wrong greeting is retried.
func TestSessionWrongGreeting(t *testing.T) {
	for name, first := range map[string]string{
		"another frame":        `{"type":"slash_commands","envelope_id":"e1","payload":{}}`,
		"a routine disconnect": `{"type":"disconnect","reason":"refresh_requested"}`,
		"no JSON":              `hello`,
	} {
		t.Run(name, func(t *testing.T) {
			frames := make(chan string, 2)
			frames <- first
			frames <- hello
			w := watch(t, peer(t, func(conn *websocket.Conn) {
				speak(conn, <-frames)
				hear(conn)
			}))
			w.happened("hello", 1)
			if _, causes := w.pauses(); len(causes) != 1 || !strings.Contains(causes[0], "hello") {
				t.Errorf("causes %q, want one that says that hello was waited for", causes)
			}
		})
	}
}

// TestSessionNoGreeting: a hello that does not come is not waited for for ever.
func TestSessionNoGreeting(t *testing.T) {
	first := make(chan bool, 1)
	first <- true
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		select {
		case <-first:
		default:
			speak(conn, hello)
		}
		hear(conn)
	}), func(x *Session) { x.pace.handshake = 200 * time.Millisecond })
	w.happened("hello", 1)
	if _, causes := w.pauses(); len(causes) == 0 || !strings.Contains(causes[0], "wait for hello: context deadline exceeded") {
		t.Errorf("causes %q", causes)
	}
}

func TestSessionTooManySockets(t *testing.T) {
	const crowded = 300 * time.Millisecond
	s, client := newWorkspace(t)
	ten := watch(t, client.OpenSocket, func(x *Session) { x.Sockets = 10 })
	ten.happened("hello", 10)
	one := watch(t, client.OpenSocket, func(x *Session) { x.pace.crowded = crowded })
	one.wait("a line in the log", func() bool { _, causes := one.pauses(); return len(causes) > 0 })
	pauses, causes := one.pauses()
	if !strings.Contains(causes[0], "slack allows 10 sockets an app") || !strings.Contains(causes[0], "SLACK_CONNECTIONS") {
		t.Errorf("the log says %q", causes[0])
	}
	if pauses[0] < crowded {
		t.Errorf("the pause is %v, want the long one of %v or more", pauses[0], crowded)
	}
	if got := len(s.Sockets()); got != 10 {
		t.Errorf("%d sockets, want the ten", got)
	}
	ten.stop()
	one.happened("hello", 1)
}

// TestSessionTooManySocketsLater: Slack says so only after the hello.
func TestSessionTooManySocketsLater(t *testing.T) {
	s, w := connected(t, 1, func(x *Session) { x.pace.crowded = time.Hour })
	s.Disconnect(slackfake.ReasonTooMany, time.Nanosecond, 1)
	w.wait("a line in the log", func() bool { _, causes := w.pauses(); return len(causes) > 0 })
	if pauses, _ := w.pauses(); pauses[0] < time.Hour {
		t.Errorf("the pause is %v, want the long one", pauses[0])
	}
}

func TestPaceNext(t *testing.T) {
	p := pace{retry: time.Second, most: 30 * time.Second, crowded: time.Minute}
	trouble := errors.New("trouble")
	limited := &slack.RateLimitedError{RetryAfter: 10 * time.Second}
	for name, tt := range map[string]struct {
		failed      int
		err         error
		least, most time.Duration
	}{
		"announced":                     {0, nil, 0, 0},
		"announced soon":                {1, nil, 0, 0},
		"announced soon again":          {2, nil, time.Second, 3 * time.Second},
		"died after a long life":        {0, trouble, 500 * time.Millisecond, 1500 * time.Millisecond},
		"first failure":                 {1, trouble, 500 * time.Millisecond, 1500 * time.Millisecond},
		"second failure":                {2, trouble, time.Second, 3 * time.Second},
		"fifth failure":                 {5, trouble, 8 * time.Second, 24 * time.Second},
		"sixth failure":                 {6, trouble, 15 * time.Second, 45 * time.Second},
		"thousandth failure":            {1000, trouble, 15 * time.Second, 45 * time.Second},
		"rate limit":                    {1, limited, 10500 * time.Millisecond, 11500 * time.Millisecond},
		"rate limit inside of an error": {1, errors.Join(trouble, limited), 10500 * time.Millisecond, 11500 * time.Millisecond},
		"too many sockets":              {1, errCrowded, 60500 * time.Millisecond, 61500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			var got []time.Duration
			for range 200 {
				got = append(got, p.next(tt.failed, tt.err))
			}
			least, most := slices.Min(got), slices.Max(got)
			if least < tt.least || most > tt.most {
				t.Errorf("pauses from %v to %v, want %v to %v", least, most, tt.least, tt.most)
			}
			if most-least < (tt.most-tt.least)/2 {
				t.Errorf("pauses from %v to %v: too little chance in them", least, most)
			}
		})
	}
}

// TestSessionHidesAddress: no error holds the address.
func TestSessionHidesAddress(t *testing.T) {
	const secret = "ticket-4711"
	s, _ := newWorkspace(t)
	host := strings.TrimSuffix(strings.TrimPrefix(s.APIURL(), "http://"), "/api/")
	for _, address := range []string{
		"ws://" + host + "/link/?ticket=" + secret,           // refused: no such ticket
		"wss://" + host + "/link/?ticket=" + secret,          // no TLS there
		"ws://" + host + "/link/\x7f?ticket=" + secret,       // cannot be parsed
		"ws://" + host + ":port/link/?ticket=" + secret,      // likewise
		"http://" + host + "/link/?ticket=" + secret,         // not a socket's
		"ws://me:" + secret + "@" + host + "/link/?ticket=1", // with a password
	} {
		x := &Session{
			Open: func(context.Context) (string, error) { return address, nil }, Clock: time.Now, pace: quickPace(),
		}
		_, err := x.connect(t.Context())
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("connect to %q: %v", address, err)
		}
	}
}

// TestSocketRedirect: where a socket is sent elsewhere, it goes nowhere, and the log names
// the host alone, for the rest may be a ticket.
func TestSocketRedirect(t *testing.T) {
	slack := httptest.NewServer(http.RedirectHandler("https://elsewhere.example/link/a-ticket-4712?ticket=a-ticket-4712", http.StatusFound))
	t.Cleanup(slack.Close)
	w := watch(t, func(context.Context) (string, error) { return "ws" + strings.TrimPrefix(slack.URL, "http"), nil })
	w.wait("the reason", func() bool {
		return strings.Contains(w.logged(), "slack refused a socket: HTTP 302, which leads to elsewhere.example\"")
	})
	if strings.Contains(w.logged(), "a-ticket-4712") || w.Live() != 0 {
		t.Errorf("%d sockets are live, and the log says: %s", w.Live(), w.logged())
	}
}
