package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"defenderbot/internal/slackfake"
)

// TestSessionOpensInTurn: sockets open one after the other.
func TestSessionOpensInTurn(t *testing.T) {
	const stagger = 20 * time.Millisecond
	started := time.Now()
	s, w := connected(t, 4, func(x *Session) { x.pace.stagger = stagger })
	if w.Live() != 4 {
		t.Errorf("%d sockets are live, want 4", w.Live())
	}
	for i, at := range slices.SortedFunc(slices.Values(w.opened()), time.Time.Compare) {
		if got, want := at.Sub(started), time.Duration(i)*stagger; got < want {
			t.Errorf("socket %d of 4 was asked for after %v, want %v or later", i+1, got, want)
		}
	}
	if tickets := slices.Compact(slices.Sorted(slices.Values(w.secrets))); len(tickets) != 4+2 {
		t.Errorf("the sockets had %d addresses, want one each", len(tickets)-2)
	}
	for range 8 {
		if out := typeHelp(t, s); !out.Acked {
			t.Errorf("socket %d: not acknowledged", out.Socket)
		}
	}
	for _, a := range s.Acks() {
		if a.Problem != "" {
			t.Errorf("acknowledgement on socket %d of an envelope of %d: %s", a.Socket, a.SentTo, a.Problem)
		}
	}
}

// TestSessionHello: a socket counts only after hello.
func TestSessionHello(t *testing.T) {
	greet, ponged := make(chan bool), make(chan bool)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		if err := conn.WriteControl(websocket.PingMessage, nil, time.Time{}); err != nil {
			t.Error(err)
		}
		conn.SetPongHandler(func(string) error { close(ponged); return nil })
		go func() {
			<-greet
			speak(conn, hello)
		}()
		hear(conn)
	}))
	<-ponged // it is connected and being read
	if n := w.Live(); n != 0 {
		t.Errorf("before hello %d sockets are live", n)
	}
	close(greet)
	w.happened("hello", 1)
	if n := w.Live(); n != 1 {
		t.Errorf("after hello %d sockets are live, want 1", n)
	}
}

// TestSessionReplacesSocket: a lost socket is replaced.
func TestSessionReplacesSocket(t *testing.T) {
	s, w := connected(t, 2)
	s.Cut()
	w.happened("closed", 2)
	w.happened("hello", 4)
	sockWait(t, s, "two new sockets", func() bool { return slices.Equal(s.Sockets(), []int{3, 4}) })
	if out := typeHelp(t, s); !out.Acked || w.Live() != 2 {
		t.Errorf("afterwards: acknowledged %v, %d sockets live; want true and 2", out.Acked, w.Live())
	}
	if cut := w.times("cut"); cut != 2 {
		t.Errorf("%d sockets count as cut, want 2", cut)
	}
	if _, causes := w.pauses(); len(causes) != 2 {
		t.Errorf("the log says of %d sockets that they are missing, want 2: %q", len(causes), causes)
	}
}

// TestSocketHalfOpen: a half-open socket is noticed.
func TestSocketHalfOpen(t *testing.T) {
	s, w := connected(t, 1, func(x *Session) { x.pace.silence = 200 * time.Millisecond })
	s.Freeze(1)
	w.happened("closed", 1)
	w.happened("silent", 1)
	w.happened("hello", 2)
	if _, causes := w.pauses(); len(causes) == 0 || !strings.Contains(causes[0], "nothing was heard for too long") {
		t.Errorf("the log gives as cause %q", causes)
	}
}

// A peer that says nothing by itself is alive as long as it answers pings.
func TestSocketOwnPings(t *testing.T) {
	t.Parallel()
	const silence, every = 4 * time.Second, 400 * time.Millisecond
	pings := make(chan bool, 100)
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		pong := conn.PingHandler()
		conn.SetPingHandler(func(text string) error { pings <- true; return pong(text) })
		speak(conn, hello)
		hear(conn)
	}), func(x *Session) { x.pace.silence, x.pace.ping = silence, every })
	for range 2 * silence / every {
		select {
		case <-pings:
		case <-soon(t).Done():
			t.Fatal("no pings come")
		}
	}
	if w.Live() != 1 || len(w.opened()) != 1 {
		t.Errorf("%d sockets live, %d opened; want the one that was opened first", w.Live(), len(w.opened()))
	}
}

// TestSocketSlackPings: Slack's pings keep a socket too.
func TestSocketSlackPings(t *testing.T) {
	t.Parallel()
	const silence = 4 * time.Second
	var sockets atomic.Int32
	w := watch(t, peer(t, func(conn *websocket.Conn) {
		speak(conn, hello)
		if sockets.Add(1) > 1 { // the successor lives until the test is over
			hear(conn)
			return
		}
		ponged := make(chan bool, 1)
		conn.SetPongHandler(func(string) error { ponged <- true; return nil })
		conn.SetPingHandler(func(string) error { return nil }) // ours are not answered
		ended := make(chan bool)
		go func() {
			defer close(ended)
			hear(conn)
		}()
		every := time.NewTicker(silence / 10)
		defer every.Stop()
		for range 12 {
			select {
			case <-every.C:
			case <-ended:
				t.Error("the socket was given up although it was pinged")
				return
			}
			if err := conn.WriteControl(websocket.PingMessage, []byte("Ping from peer"), time.Time{}); err != nil {
				t.Errorf("ping: %v", err)
			}
			<-ponged
		}
		speak(conn, `{"type":"disconnect","reason":"refresh_requested"}`)
		<-ended
	}), func(x *Session) { x.pace.silence, x.pace.ping, x.pace.overlap = silence, time.Hour, time.Millisecond })
	w.happened("refresh_requested", 1)
}

func TestSessionPermanent(t *testing.T) {
	for _, code := range []string{
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type",
		"missing_scope", "no_permission", "team_access_not_granted", "user_removed_from_team", "team_disabled", "forbidden_team",
	} {
		t.Run(code, func(t *testing.T) {
			s, client := newWorkspace(t)
			s.Break(slackfake.Fault{Method: "apps.connections.open", Error: code})
			w := watch(t, client.OpenSocket)
			err := w.ended()
			if !errors.Is(err, ErrPermanent) || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), "SLACK_APP_TOKEN") {
				t.Errorf("Run: %v, want a permanent error, the code and the variable to look at", err)
			}
			if len(w.opened()) != 1 {
				t.Errorf("asked %d times, want once", len(w.opened()))
			}
		})
	}
}

func TestSessionLinkDisabled(t *testing.T) {
	const sentence = "Socket Mode is switched off for this app (link_disabled); switch it on in the app's settings"
	check := func(t *testing.T, err error) {
		t.Helper()
		if !errors.Is(err, ErrPermanent) || !strings.HasSuffix(err.Error(), sentence) {
			t.Errorf("Run: %v, want ErrPermanent: %s", err, sentence)
		}
	}
	t.Run("on one of several sockets", func(t *testing.T) {
		s, w := connected(t, 3)
		s.Disconnect(slackfake.ReasonDisabled, time.Hour, 2)
		check(t, w.ended())
		sockWait(t, s, "no socket", func() bool { return len(s.Sockets()) == 0 })
	})
	t.Run("on a socket whose successor is open", func(t *testing.T) {
		s, w := connected(t, 1)
		s.Disconnect(slackfake.ReasonWarning, time.Hour, 1)
		sockWait(t, s, "a successor", func() bool { return len(s.Sockets()) == 2 })
		s.Disconnect(slackfake.ReasonDisabled, time.Hour, 1)
		check(t, w.ended())
	})
	t.Run("instead of hello", func(t *testing.T) {
		w := watch(t, peer(t, func(conn *websocket.Conn) {
			speak(conn, `{"type":"disconnect","reason":"link_disabled"}`)
			hear(conn)
		}))
		check(t, w.ended())
	})
}

// TestSessionUsualPace: Run uses the usual pace.
func TestSessionUsualPace(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := &Session{Sockets: 1, Clock: time.Now}
	if err := s.Run(ctx); err != nil || s.pace != usualPace() {
		t.Errorf("Run: %v, pace %+v", err, s.pace)
	}
}

// TestSessionOtherApp: a socket of another app than the bot's ends everything, with
// the reason; a greeting that names no app is no reason.
func TestSessionOtherApp(t *testing.T) {
	for frame, app := range map[string]string{
		hello: "A2", `{"type":"hello","connection_info":{}}`: "", `{"type":"hello"}`: "",
	} {
		w := watch(t, peer(t, func(conn *websocket.Conn) {
			speak(conn, frame)
			hear(conn)
		}), func(x *Session) { x.App = "A2" })
		if app == "" {
			w.happened("hello", 1)
			continue
		}
		if err := w.ended(); !errors.Is(err, ErrPermanent) || !strings.Contains(err.Error(), "SLACK_APP_TOKEN is of the app A1 and SLACK_BOT_TOKEN of the app A2") {
			t.Errorf("ended with %v", err)
		}
	}
}
