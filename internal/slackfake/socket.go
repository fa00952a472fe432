package slackfake

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// The reasons of a disconnect frame: https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect.
const (
	ReasonWarning  = "warning"
	ReasonRefresh  = "refresh_requested"
	ReasonDisabled = "link_disabled"
	ReasonTooMany  = "too_many_websockets"
)

const (
	maxSockets     = 10 // of one app
	maxMissedPongs = 3
	ticketLife     = 30 * time.Second
	warningDelay   = 10 * time.Second
)

// socket is one Socket Mode connection.
type socket struct {
	id     int
	conn   *websocket.Conn
	gone   chan struct{} // closed when the reader has ended
	silent atomic.Bool   // half-open: nothing goes out any more and nothing is heard

	write sync.Mutex // one data frame at a time

	ping   string // guarded by Server.mu: what the last ping carried
	missed int    // guarded by Server.mu: pings without a pong
	ready  bool   // guarded by Server.mu: hello has been or is being sent
}

// connectionsOpen is https://docs.slack.dev/reference/methods/apps.connections.open. The ticket is good once, for 30 s.
func (s *Server) connectionsOpen(args) (object, error) {
	ticket := newUUID()
	s.tickets.put(ticket, s.opts.Now().Add(ticketLife))
	s.handed.add(Secret{"ticket of a socket", ticket})
	return object{"url": "ws://" + s.host + "/link/?ticket=" + ticket + "&app_id=" + appID}, nil
}

func (s *Server) redeem(ticket string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	expires := s.tickets.get(ticket) // long ago for a ticket that never was
	s.tickets.drop(ticket)
	return !s.opts.Now().After(expires)
}

// serveLink is the WebSocket endpoint: handshake, hello, then frames until the end.
func (s *Server) serveLink(w http.ResponseWriter, r *http.Request) {
	f := s.takeFault("socket", r)
	if !s.pause(r, f.Delay) {
		return
	}
	if f.Drop {
		panic(http.ErrAbortHandler)
	}
	if f.Status != 0 {
		http.Error(w, http.StatusText(f.Status), f.Status)
		return
	}
	if !s.redeem(r.URL.Query().Get("ticket")) {
		http.Error(w, "invalid ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }} // clients send Slack's own origin
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	s.admit(&socket{conn: conn, gone: make(chan struct{})})
}

// admit greets a socket and serves it, or turns the eleventh away.
func (s *Server) admit(k *socket) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		k.cut()
		return
	}
	s.running.Add(1)
	defer s.running.Done()
	count := len(s.sockets) + 1
	if count > maxSockets {
		s.mu.Unlock()
		s.turnAway(k, count)
		return
	}
	s.opened++
	k.id = s.opened
	s.sockets = append(s.sockets, k)
	s.mu.Unlock()
	s.opts.Log.Info("socket opened", "socket", k.id)
	s.greet(k, count)
	s.running.Go(func() { s.pingLoop(k) })
	s.readLoop(k)
	s.dismiss(k)
}

func (s *Server) turnAway(k *socket, count int) {
	if k.send(object{
		"type": "disconnect", "reason": ReasonTooMany, "num_connections": count,
		"debug_info": debugInfo(k), "connection_info": object{"app_id": appID},
	}) == nil {
		k.control(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	}
	k.hangUp()
}

func debugInfo(k *socket) object { return object{"host": fmt.Sprintf("applink-%d", k.id)} }

// greet sends hello and lets envelopes come after it.
func (s *Server) greet(k *socket, count int) {
	info := debugInfo(k)
	info["started"], info["build_number"], info["approximate_connection_time"] = s.opts.Now().UTC().Format("2006-01-02 15:04:05.000"), 54, 18060
	hello := object{"type": "hello", "num_connections": count, "connection_info": object{"app_id": appID}, "debug_info": info}
	k.write.Lock()
	defer k.write.Unlock()
	s.change(func() { k.ready = true })
	if !k.silent.Load() && k.conn.WriteMessage(websocket.TextMessage, encode(hello)) != nil {
		k.hangUp()
	}
}

func (s *Server) dismiss(k *socket) {
	close(k.gone)
	k.hangUp()
	s.change(func() { s.sockets = slices.DeleteFunc(s.sockets, func(o *socket) bool { return o == k }) })
	s.opts.Log.Info("socket closed", "socket", k.id)
}

// readLoop takes frames until the connection ends.
func (s *Server) readLoop(k *socket) {
	r := bufio.NewReader(k.conn.NetConn())
	var joined frame
	for {
		f, err := readFrame(r)
		if err != nil {
			return
		}
		if k.silent.Load() {
			continue
		}
		switch f.opcode {
		case opPing:
			k.control(websocket.PongMessage, f.payload)
		case opPong:
			s.takePong(k, string(f.payload))
		case opClose:
			k.control(websocket.CloseMessage, f.payload)
			return
		default:
			s.takeData(k, &joined, f)
		}
	}
}

// takeData handles a whole message at once, and only notes the one that came in pieces.
func (s *Server) takeData(k *socket, joined *frame, f frame) {
	if f.opcode == opText && f.last {
		s.takeAck(k, f.payload, "")
		return
	}
	joined.payload = append(joined.payload, f.payload...)
	if f.last {
		s.takeAck(k, joined.payload, ProblemFragmented)
		joined.payload = nil
	}
}

// pingLoop pings until the socket ends, and cuts it when pongs stay out.
func (s *Server) pingLoop(k *socket) {
	t := time.NewTicker(s.opts.PingEvery)
	defer t.Stop()
	for n := 1; ; n++ {
		select {
		case <-k.gone:
			return
		case <-t.C:
		}
		if k.silent.Load() {
			continue
		}
		text := fmt.Sprintf("Ping from applink-%d %d", k.id, n)
		s.mu.Lock()
		dead := k.missed >= maxMissedPongs
		k.ping = text
		k.missed++
		s.mu.Unlock()
		if dead {
			k.cut()
			return
		}
		k.control(websocket.PingMessage, []byte(text))
	}
}

// takePong clears the count only when the pong carries what the ping carried.
func (s *Server) takePong(k *socket, payload string) {
	s.change(func() {
		if payload != k.ping {
			s.note(Ack{Socket: k.id, Size: len(payload), Problem: ProblemPong})
			return
		}
		k.missed = 0
	})
}

// send writes one text frame.
func (k *socket) send(v any) error {
	if k.silent.Load() {
		return nil
	}
	k.write.Lock()
	defer k.write.Unlock()
	return k.conn.WriteMessage(websocket.TextMessage, encode(v))
}

// control writes a control frame. A peer that is gone is found out by the reader.
func (k *socket) control(kind int, payload []byte) {
	if err := k.conn.WriteControl(kind, payload, time.Time{}); err != nil {
		k.hangUp()
	}
}

// hangUp closes the connection the ordinary way.
func (k *socket) hangUp() {
	if err := k.conn.Close(); err != nil {
		return // closed already
	}
}

// cut closes the connection with a reset, as a broken network does.
func (k *socket) cut() {
	if tcp, ok := k.conn.NetConn().(*net.TCPConn); ok {
		if err := tcp.SetLinger(0); err != nil {
			return // closed already
		}
	}
	k.hangUp()
}
