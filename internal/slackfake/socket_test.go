package slackfake

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// handshake dials and returns the refusal's status.
func handshake(t *testing.T, to string) int {
	t.Helper()
	conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), to, nil)
	if err == nil {
		conn.Close()
	}
	if resp == nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestSocketHello(t *testing.T) {
	s, _ := start(t)
	open(t, s)
	m := dial(t, s).read()
	if m["type"] != "hello" || m["num_connections"] != 2.0 || at(m, "connection_info", "app_id") != s.AppID() {
		t.Errorf("second hello: %v", m)
	}
	if at(m, "debug_info", "approximate_connection_time") != 18060.0 {
		t.Errorf("debug_info: %v", m["debug_info"])
	}
}

// TestSocketTicket: a ticket is for one connection, and short-lived.
func TestSocketTicket(t *testing.T) {
	s, c := start(t)
	to := link(t, s)
	if got := handshake(t, to); got != http.StatusSwitchingProtocols {
		t.Errorf("first use: %d", got)
	}
	if got := handshake(t, to); got != http.StatusForbidden {
		t.Errorf("second use: %d, want 403", got)
	}
	to = link(t, s)
	c.Advance(31 * time.Second)
	if got := handshake(t, to); got != http.StatusForbidden {
		t.Errorf("after 31 s: %d, want 403", got)
	}
}

// TestSocketEleventh: an eleventh socket is turned away.
func TestSocketEleventh(t *testing.T) {
	s, _ := start(t)
	for range 10 {
		open(t, s)
	}
	c := dial(t, s)
	m := c.read()
	if m["type"] != "disconnect" || m["reason"] != ReasonTooMany || m["num_connections"] != 11.0 {
		t.Errorf("got %v, want a disconnect", m)
	}
	if m := c.read(); m != nil {
		t.Errorf("after the disconnect: %v, want the end", m)
	}
	if got := len(s.Sockets()); got != 10 {
		t.Errorf("%d sockets, want 10", got)
	}
}

func TestSocketDisconnect(t *testing.T) {
	for _, reason := range []string{ReasonRefresh, ReasonDisabled, ReasonWarning} {
		s, _ := start(t)
		c := open(t, s)
		s.Disconnect(reason, 50*time.Millisecond)
		if m := c.read(); m["type"] != "disconnect" || m["reason"] != reason {
			t.Errorf("got %v, want %s", m, reason)
		}
		got := within(t, func(ctx context.Context) (Outcome, error) { return s.Command(ctx, ana, general, "help") })
		c.ack(c.read(), "") // the old socket still works until it closes
		if o := <-got; !o.Acked {
			t.Errorf("%s: outcome %+v, want acknowledged on the old socket", reason, o)
		}
		if m := c.read(); m != nil {
			t.Errorf("%s: %v, want the end", reason, m)
		}
		wait(t, s, func(s *Server) bool { return len(s.Sockets()) == 0 })
	}
}

// TestSocketNoPong: a ping carries text, and without a pong the socket dies.
func TestSocketNoPong(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.PingEvery = 5 * time.Millisecond })
	pings := make(chan string, 100)
	c := dial(t, s, func(conn *websocket.Conn) {
		conn.SetPingHandler(func(text string) error { // never a pong
			pings <- text
			return nil
		})
	})
	if text := <-pings; !strings.HasPrefix(text, "Ping from applink-1") {
		t.Errorf("ping %q", text)
	}
	for c.read() != nil {
	}
	wait(t, s, func(s *Server) bool { return len(s.Sockets()) == 0 })
}

// TestSocketPongText: a pong must carry the ping's text.
func TestSocketPongText(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.PingEvery = 5 * time.Millisecond })
	dial(t, s, func(conn *websocket.Conn) {
		conn.SetPingHandler(func(string) error {
			return conn.WriteControl(websocket.PongMessage, []byte("something else"), time.Time{})
		})
	})
	wait(t, s, func(s *Server) bool { return len(s.Acks()) > 0 && s.Acks()[0].Problem == ProblemPong })
	wait(t, s, func(s *Server) bool { return len(s.Sockets()) == 0 })
}

// TestSocketPings: answered pings keep a socket open.
func TestSocketPings(t *testing.T) {
	s, _ := start(t, func(o *Options) { o.PingEvery = 2 * time.Millisecond })
	answered := make(chan bool, 1000)
	dial(t, s, func(conn *websocket.Conn) {
		pong := conn.PingHandler()
		conn.SetPingHandler(func(text string) error {
			answered <- true
			return pong(text)
		})
	})
	for range 3 * maxMissedPongs {
		<-answered
	}
	if got := len(s.Sockets()); got != 1 {
		t.Errorf("%d sockets, want 1", got)
	}
}

// TestSocketClientPings: client pings are answered.
func TestSocketClientPings(t *testing.T) {
	s, _ := start(t)
	pongs := make(chan string, 1)
	c := dial(t, s, func(conn *websocket.Conn) {
		conn.SetPongHandler(func(text string) error { pongs <- text; return nil })
	})
	if err := c.conn.WriteControl(websocket.PingMessage, []byte("are you there"), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := <-pongs; got != "are you there" {
		t.Errorf("pong %q", got)
	}
}

func TestSocketFaults(t *testing.T) {
	s, c := start(t)
	s.Break(Fault{Method: "socket", Status: http.StatusConflict, Times: 1})
	if got := handshake(t, link(t, s)); got != http.StatusConflict {
		t.Errorf("handshake: %d, want 409", got)
	}
	frozen := open(t, s)
	s.Freeze(s.Sockets()...)
	got := within(t, func(ctx context.Context) (Outcome, error) { return s.Command(ctx, ana, general, "help") })
	wait(t, s, func(s *Server) bool { return s.sentCount() == 1 })
	c.Advance(3 * time.Second)
	if o := <-got; o.Acked || o.Socket == 0 || !strings.Contains(o.Shown, ShownTimeout) {
		t.Errorf("a command into a half-open socket: %+v", o)
	}
	if len(frozen.in) > 0 {
		t.Errorf("a half-open socket sent %v", <-frozen.in)
	}
	s.Cut()
	if m := frozen.read(); m != nil {
		t.Errorf("after the cut: %v", m)
	}
}

// TestFrameTooLong: frames over a mebibyte end the connection.
func TestFrameTooLong(t *testing.T) {
	s, _ := start(t)
	c := open(t, s)
	head := func(size byte) []byte { return []byte{0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0x10, 0, size, 0, 0, 0, 0} } // masked with zeros
	if _, err := c.conn.NetConn().Write(append(head(0), strings.Repeat(" ", maxFrame)...)); err != nil {
		t.Fatal(err)
	}
	wait(t, s, func(s *Server) bool { return len(s.Acks()) == 1 && s.Acks()[0].Problem == ProblemTooLarge })
	if _, err := c.conn.NetConn().Write(head(1)); err != nil {
		t.Fatal(err)
	}
	if m := c.read(); m != nil {
		t.Errorf("got %v, want the end", m)
	}
}

// TestFrameUnmasked: unmasked frames end the connection.
func TestFrameUnmasked(t *testing.T) {
	s, _ := start(t)
	c := open(t, s)
	if _, err := c.conn.NetConn().Write([]byte{0x81, 2, '{', '}'}); err != nil {
		t.Fatal(err)
	}
	if m := c.read(); m != nil {
		t.Errorf("got %v, want the end", m)
	}
}
