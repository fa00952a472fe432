package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// readMost is how large a frame may be, in bytes.
const readMost = 1 << 20

// socket is one WebSocket that Slack has greeted. What has to come in time is
// held to it by timers that end the socket; its end ends everything that is
// being read from it and written to it.
type socket struct {
	conn  *websocket.Conn
	name  string // Slack's name of its end, for the log
	named int32  // how many sockets the app had at its greeting
	pace  pace
	clock func() time.Time
	log   *slog.Logger

	writing sync.Mutex  // one writer at a time
	quiet   *time.Timer // ends the socket when nothing is heard
	leaving bool        // Slack announced the end; only the reader looks at it
	closing atomic.Bool // we said goodbye and take nothing more

	once  sync.Once
	why   error         // why it ended; set before ended is closed
	ended chan struct{} // closed at the end
}

func (s *Session) newSocket(conn *websocket.Conn) *socket {
	sock := &socket{conn: conn, pace: s.pace, clock: s.Clock, log: s.Log, ended: make(chan struct{})}
	sock.quiet = time.AfterFunc(s.pace.silence, func() { sock.end(errSilent) })
	pong := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		sock.heard()
		return pong(data)
	})
	conn.SetPongHandler(func(string) error {
		sock.heard()
		return nil
	})
	conn.SetReadLimit(readMost)
	sock.heard()
	return sock
}

// frame is everything that Slack sends.
type frame struct {
	Envelope

	Reason     string `json:"reason"`
	Num        int32  `json:"num_connections"` // sockets of the app, this one among them
	Connection struct {
		App string `json:"app_id"`
	} `json:"connection_info"`
	Debug struct {
		Host string `json:"host"`
	} `json:"debug_info"`
}

// greeted waits for hello: only then does the socket get anything. It is an
// [ErrPermanent] where the socket is another app's than the bot's.
func (s *socket) greeted(ctx context.Context, app string) error {
	var hello frame
	if err := s.conn.ReadJSON(&hello); err != nil {
		return fmt.Errorf("wait for hello: %w", cmp.Or(ctx.Err(), err))
	}
	if hello.Type != "hello" {
		return cmp.Or(farewell(hello.Reason), fmt.Errorf("slack said %q and not hello", hello.Type))
	}
	if of := hello.Connection.App; app != "" && of != "" && of != app {
		return otherApp(of, app)
	}
	s.name, s.named = hello.Debug.Host, hello.Num
	s.log.InfoContext(ctx, "slack socket open", "socket", s.name, "sockets_of_the_app", hello.Num)
	return nil
}

// The ends that are not the connection's own.
var (
	errSilent = errors.New("nothing was heard for too long")
	errStuck  = errors.New("a frame could not be written in time")
	errClosed = errors.New("closed by us")
)

// heard puts the end off: there was a sign of life. Once Slack has announced
// the end, it stays where it is.
func (s *socket) heard() {
	if !s.leaving {
		s.quiet.Reset(s.pace.silence)
	}
}

// read hands envelopes on until the socket ends, and returns why. An announced
// end is told to leave, and reading goes on: what still comes on this socket
// comes on no other.
func (s *socket) read(ctx context.Context, handle func(Envelope), leave func(reason string)) error {
	for {
		_, text, err := s.conn.ReadMessage()
		if err != nil {
			s.end(err)
			return fmt.Errorf("socket %s: %w", s.name, s.why)
		}
		s.heard()
		f := s.parse(ctx, text)
		switch {
		case f.Type == "disconnect":
			s.leaving = true
			s.quiet.Reset(s.pace.overlap)
			leave(f.Reason)
		case f.ID != "" && !s.closing.Load(): // what cannot be acknowledged must not happen
			f.Received, f.write = s.clock(), s.write
			handle(f.Envelope)
		}
	}
}

// parse reads one frame. Of one that is odd, what names it is enough: it gets an
// answer, because somebody may wait for one, and because it would only come again.
func (s *socket) parse(ctx context.Context, text []byte) frame {
	var f frame
	if err := json.Unmarshal(text, &f); err == nil {
		return f
	}
	s.log.WarnContext(ctx, "socket message unreadable", "socket", s.name, "bytes", len(text))
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err == nil {
		return frame{Envelope: Envelope{
			ID: fieldOf(text, "envelope_id"), Type: fieldOf(text, "type"), Payload: fields["payload"],
			TakesPayload: string(fields["accepts_response_payload"]) == "true",
		}}
	}
	return frame{Envelope: Envelope{ID: firstIn(envelopeID, text), Type: firstIn(envelopeType, text), TakesPayload: takesPayload.Match(text)}}
}

// What names an envelope whose JSON no decoder takes, such as one that is nested too
// deeply. Quotes inside a text are escaped, so nobody's words look like these.
var (
	envelopeID   = regexp.MustCompile(`"envelope_id"\s*:\s*"([^"\\]+)"`)
	envelopeType = regexp.MustCompile(`"type"\s*:\s*"(slash_commands|interactive)"`)
	takesPayload = regexp.MustCompile(`"accepts_response_payload"\s*:\s*true`)
)

func firstIn(form *regexp.Regexp, text []byte) string {
	if found := form.FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return ""
}

// write sends one frame, whole.
func (s *socket) write(text []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	stuck := time.AfterFunc(s.pace.write, func() { s.end(errStuck) })
	defer stuck.Stop()
	if err := s.conn.WriteMessage(websocket.TextMessage, text); err != nil {
		return fmt.Errorf("socket %s: %w", s.name, err)
	}
	return nil
}

// ping asks for signs of life, so that a connection that died without a word is
// noticed.
func (s *socket) ping() {
	t := time.NewTicker(s.pace.ping)
	defer t.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-t.C:
			// A ping that fails needs no word here: the reader finds out, or the silence.
			_ = s.conn.WriteControl(websocket.PingMessage, nil, time.Time{})
		}
	}
}

// close says goodbye and waits a moment for Slack's answer, so that what was
// written before arrives.
func (s *socket) close() {
	s.closing.Store(true)
	late := time.AfterFunc(s.pace.goodbye, func() { s.end(errClosed) })
	defer late.Stop()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := s.conn.WriteControl(websocket.CloseMessage, bye, time.Time{}); err != nil {
		s.end(err)
	}
	<-s.ended
}

// lost is how a socket ended that has ended, in one word; empty: Slack had announced it, or
// it was ended here. Only its reader may ask.
func (s *socket) lost() string {
	switch {
	case s.leaving || s.closing.Load():
		return ""
	case errors.Is(s.why, errSilent):
		return "silent"
	case errors.Is(s.why, errStuck):
		return "stuck"
	}
	return "cut"
}

// end ends the socket at once. Of several causes the first counts.
func (s *socket) end(why error) {
	s.once.Do(func() {
		s.why = why
		s.quiet.Stop()
		_ = s.conn.Close() // it may be closed already
		close(s.ended)
	})
}
