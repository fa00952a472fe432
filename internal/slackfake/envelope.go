package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// What can be wrong with an acknowledgement. All but the last three are ignored, as Slack ignores them.
const (
	ProblemTooLarge   = "20,480 bytes or more"
	ProblemFragmented = "sent in fragments"
	ProblemUnreadable = "not a JSON object with an envelope_id"
	ProblemUnknown    = "no such envelope"
	ProblemTwice      = "acknowledged already"
	ProblemLate       = "after the time limit"
	ProblemPong       = "pong with another payload than the ping"
	ProblemPayload    = "payload for an envelope that accepts none"
	ProblemOtherRoad  = "on another socket than the envelope's"
)

const maxAck = 20_480 // bytes: as large or larger is ignored

// Ack is one thing the app sent over a socket.
type Ack struct {
	EnvelopeID string
	Kind       string // slash_commands, interactive, events_api
	Socket     int    // where it came in
	SentTo     int    // where the envelope had gone out
	At         time.Time
	Took       time.Duration // since the envelope went out
	Size       int           // bytes
	Payload    json.RawMessage
	Problem    string // empty, or one of the Problem constants
}

// Acks returns what has come in over the sockets, oldest first: the newest 10,000.
func (s *Server) Acks() []Ack {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.acks.newest())
}

// note keeps an acknowledgement. The lock is held.
func (s *Server) note(a Ack) {
	a.At = s.opts.Now()
	s.acks.add(a)
	if a.Problem != "" {
		s.opts.Log.Warn("acknowledgement", "problem", a.Problem, "socket", a.Socket, "envelope", a.EnvelopeID)
	}
}

// Envelope is what goes to the app over a socket.
type Envelope struct {
	ID      string // drawn when empty
	Kind    string // slash_commands, interactive, events_api or anything else
	Accepts bool   // accepts_response_payload
	Payload json.RawMessage
	Retry   int    // retry_attempt, events only
	Reason  string // retry_reason, events only
}

// Receipt is what became of an envelope.
type Receipt struct {
	EnvelopeID string
	Socket     int           // where it went; 0 when no socket was open
	Acked      bool          // in time
	Took       time.Duration // until the acknowledgement
	Payload    json.RawMessage
}

// delivery is an envelope on its way. All is guarded by Server.mu.
type delivery struct {
	Envelope

	socket  int
	at      time.Time
	acked   bool
	expired bool
	done    chan Receipt // holds one
}

// SendEnvelope sends an envelope as it is, also a malformed one, to one socket and waits for its acknowledgement, the
// time limit or the context. No answer is shown to anybody.
func (s *Server) SendEnvelope(ctx context.Context, e Envelope) (Receipt, error) {
	if e.ID == "" {
		e.ID = newUUID()
	}
	d := &delivery{Envelope: e, done: make(chan Receipt, 1)}
	sent := false
	for _, k := range s.inTurn() {
		s.change(func() {
			d.socket, d.at = k.id, s.opts.Now()
			s.sent.put(e.ID, d)
			s.deliveries++
		})
		if sent = k.send(d.wire()) == nil; sent {
			break
		}
	}
	if !sent {
		return Receipt{EnvelopeID: e.ID}, nil
	}
	return s.await(ctx, d)
}

// Redeliver sends an envelope again, unchanged, whether or not it was acknowledged. It fails when there was none, or
// when 10,000 others have gone out since.
func (s *Server) Redeliver(ctx context.Context, envelopeID string) (Receipt, error) {
	s.mu.Lock()
	d := s.sent.get(envelopeID)
	s.mu.Unlock()
	if d == nil {
		return Receipt{}, fmt.Errorf("slackfake: no envelope %q was sent", envelopeID)
	}
	return s.SendEnvelope(ctx, d.Envelope)
}

// inTurn returns the sockets that have said hello, beginning with the next in turn: one envelope goes to one socket,
// and the app cannot know which.
func (s *Server) inTurn() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	ready := slices.DeleteFunc(slices.Clone(s.sockets), func(k *socket) bool { return !k.ready })
	if len(ready) == 0 {
		return nil
	}
	s.turn++
	first := s.turn % len(ready)
	return slices.Concat(ready[first:], ready[:first])
}

func (d *delivery) wire() object {
	out := object{"envelope_id": d.ID, "type": d.Kind, "accepts_response_payload": d.Accepts, "payload": d.Payload}
	if d.Kind == "events_api" {
		out["retry_attempt"], out["retry_reason"] = d.Retry, d.Reason
	}
	return out
}

// await waits for the acknowledgement. When time is up it says so in the receipt, not as an error.
func (s *Server) await(ctx context.Context, d *delivery) (Receipt, error) {
	limit, stop := s.ackLimit()
	defer stop()
	for {
		select {
		case r := <-d.done:
			return r, nil
		case <-limit:
			if !s.expire(d) {
				continue
			}
			return Receipt{EnvelopeID: d.ID, Socket: d.socket}, nil
		case <-ctx.Done():
			return Receipt{EnvelopeID: d.ID, Socket: d.socket}, ctx.Err()
		case <-s.done:
			return Receipt{}, ErrClosed
		}
	}
}

const clockLook = 5 * time.Millisecond // how often AckByClock looks at the workspace's clock

func (s *Server) ackLimit() (<-chan time.Time, func()) {
	if s.opts.AckByClock {
		t := time.NewTicker(clockLook)
		return t.C, t.Stop
	}
	t := time.NewTimer(s.opts.AckLimit)
	return t.C, func() { t.Stop() }
}

// expire ends the wait for a delivery, unless it was acknowledged meanwhile or the workspace's clock is not there yet.
func (s *Server) expire(d *delivery) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.acked || (s.opts.AckByClock && s.opts.Now().Sub(d.at) < s.opts.AckLimit) {
		return false
	}
	d.expired = true
	s.wake()
	return true
}

// takeAck matches an acknowledgement with its envelope. A problem is what the frames already had against it.
func (s *Server) takeAck(k *socket, data []byte, problem string) {
	var in struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload"`
	}
	err := json.Unmarshal(data, &in)
	a := Ack{EnvelopeID: in.EnvelopeID, Socket: k.id, Size: len(data), Payload: in.Payload, Problem: problem}
	switch {
	case problem != "":
	case len(data) >= maxAck:
		a.Problem = ProblemTooLarge
	case err != nil || in.EnvelopeID == "":
		a.Problem = ProblemUnreadable
	}
	s.hearAck(data)
	s.change(func() {
		s.settle(&a)
		s.note(a)
	})
}

// settle finds the envelope and hands the receipt over. The lock is held.
func (s *Server) settle(a *Ack) {
	d := s.sent.get(a.EnvelopeID)
	if d != nil {
		a.Kind, a.SentTo, a.Took = d.Kind, d.socket, s.opts.Now().Sub(d.at)
	}
	switch {
	case a.Problem != "":
		return
	case d == nil:
		a.Problem = ProblemUnknown
		return
	case d.acked:
		a.Problem = ProblemTwice
		return
	case d.expired:
		a.Problem = ProblemLate
		return
	}
	d.acked = true
	r := Receipt{EnvelopeID: d.ID, Socket: d.socket, Acked: true, Took: a.Took, Payload: a.Payload}
	switch {
	case hasPayload(a.Payload) && !d.Accepts:
		a.Problem, r.Payload = ProblemPayload, nil
	case a.Socket != d.socket:
		a.Problem = ProblemOtherRoad
	}
	d.done <- r
}

// hasPayload reports whether there is more than the empty object that some clients always send.
func hasPayload(p json.RawMessage) bool {
	text := string(p)
	return text != "" && text != "null" && text != "{}"
}
