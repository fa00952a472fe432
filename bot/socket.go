package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	handshakeLimit = 10 * time.Second
	writeLimit     = 5 * time.Second
	pingEvery      = 10 * time.Second
	// silence is how long nothing at all may come, not even the answer to a
	// ping, before a socket is taken for dead. Slack itself pings every few
	// seconds.
	silence = 30 * time.Second
	// writeBuffer holds every acknowledgement whole: Slack does not put
	// fragments together.
	writeBuffer = 32 << 10
	readMost    = 1 << 20
)

// socket is one WebSocket that Slack has greeted.
type socket struct {
	conn  *websocket.Conn
	name  string // Slack's name of its end, for the log
	clock func() time.Time
	log   *slog.Logger
	mu    sync.Mutex // one writer at a time
	once  sync.Once
	done  chan struct{}
}

// frame is everything that Slack sends.
type frame struct {
	Envelope
	Reason string `json:"reason"`
	Num    int    `json:"num_connections"`
	Debug  struct {
		Host string `json:"host"`
	} `json:"debug_info"`
}

// connect opens one socket and waits for the greeting.
func (s *Session) connect(ctx context.Context) (*socket, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	address, err := s.Open(ctx)
	if err != nil {
		return nil, forGood(err, "check SLACK_APP_TOKEN and that Socket Mode is on")
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, WriteBufferSize: writeBuffer, HandshakeTimeout: handshakeLimit}
	conn, res, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		return nil, handshakeError(res, err)
	}
	conn.SetReadLimit(readMost)
	sock := &socket{conn: conn, clock: s.Clock, log: s.Log, done: make(chan struct{})}
	if err := sock.greeted(ctx); err != nil {
		sock.close()
		return nil, err
	}
	go sock.ping()
	return sock, nil
}

// forGood marks the errors that no waiting mends, and says what does
// (https://docs.slack.dev/reference/methods/apps.connections.open#errors).
func forGood(err error, mend string) error {
	if isSlackError(err, "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
		"not_allowed_token_type", "missing_scope", "no_permission", "team_access_not_granted",
		"user_removed_from_team", "team_disabled", "forbidden_team") {
		return fmt.Errorf("%w: %w; %s", ErrForGood, err, mend)
	}
	return err
}

// handshakeError says how Slack answered. The address is left out: its ticket
// is a secret.
func handshakeError(res *http.Response, err error) error {
	if res != nil {
		return fmt.Errorf("slack refused a socket: HTTP %d", res.StatusCode)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return fmt.Errorf("connect a socket: %w", err)
}

// greeted waits for hello: only then does the socket get anything.
func (s *socket) greeted(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { s.close() })
	defer stop()
	s.alive()
	var hello frame
	if err := s.conn.ReadJSON(&hello); err != nil {
		return fmt.Errorf("wait for hello: %w", err)
	}
	if hello.Type != "hello" {
		return errors.Join(fmt.Errorf("slack said %q and not hello", hello.Type), goodbye(hello.Reason))
	}
	s.name = hello.Debug.Host
	s.log.InfoContext(ctx, "a socket to slack is open", "socket", s.name, "sockets_of_the_app", hello.Num)
	return nil
}

// alive moves the moment of silence on; every sign of life does.
func (s *socket) alive() {
	// An error here means a closed socket, which the next read reports.
	_ = s.conn.SetReadDeadline(s.clock().Add(silence))
}

// read hands envelopes on until the socket ends. An announced end is told to
// leaving, and reading goes on: what still comes on this socket comes on no
// other.
func (s *socket) read(handle func(Envelope), leaving func(reason string)) error {
	defer s.close()
	s.conn.SetPingHandler(func(data string) error {
		s.alive()
		return s.conn.WriteControl(websocket.PongMessage, []byte(data), s.clock().Add(writeLimit))
	})
	s.conn.SetPongHandler(func(string) error {
		s.alive()
		return nil
	})
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("socket %s: %w", s.name, err)
		}
		s.alive()
		s.take(text, handle, leaving)
	}
}

// take sorts one frame. What cannot be read is acknowledged if it has a name:
// it would only come again.
func (s *socket) take(text []byte, handle func(Envelope), leaving func(reason string)) {
	var f frame
	if err := json.Unmarshal(text, &f); err != nil {
		s.log.WarnContext(context.Background(), "slack sent what cannot be read", "socket", s.name, "bytes", len(text))
		var named struct {
			ID string `json:"envelope_id"`
		}
		if json.Unmarshal(text, &named) != nil || named.ID == "" {
			return
		}
		f = frame{Envelope: Envelope{ID: named.ID, Type: "unreadable"}}
	}
	switch {
	case f.Type == "disconnect":
		leaving(f.Reason)
	case f.ID != "":
		e := f.Envelope
		e.Received, e.write = s.clock(), s.write
		handle(e)
	}
}

// write sends one frame, whole.
func (s *socket) write(text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.conn.SetWriteDeadline(s.clock().Add(writeLimit)); err != nil {
		return fmt.Errorf("socket %s: %w", s.name, err)
	}
	if err := s.conn.WriteMessage(websocket.TextMessage, text); err != nil {
		return fmt.Errorf("socket %s: %w", s.name, err)
	}
	return nil
}

// ping asks for a sign of life, so that a connection that died without a word
// is noticed.
func (s *socket) ping() {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-t.C:
			if s.conn.WriteControl(websocket.PingMessage, nil, s.clock().Add(writeLimit)) != nil {
				s.close()
				return
			}
		}
	}
}

// close says goodbye, as far as that still can be heard, and ends the socket.
func (s *socket) close() {
	s.once.Do(func() {
		close(s.done)
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = s.conn.WriteControl(websocket.CloseMessage, bye, s.clock().Add(time.Second)) // it may be gone already
		_ = s.conn.Close()
	})
}
