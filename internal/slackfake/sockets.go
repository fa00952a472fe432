package slackfake

import (
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// Sockets returns the numbers of the open sockets, oldest first. Numbers start at 1 and are never used again.
func (s *Server) Sockets() []int {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []int{}
	for _, k := range s.sockets {
		if k.ready {
			ids = append(ids, k.id)
		}
	}
	return ids
}

// Disconnect sends a disconnect frame with a reason and closes the socket after a delay, or after 10 s for a warning
// when the delay is 0. Without socket numbers it goes to all. Envelopes still arrive on the socket until it closes.
func (s *Server) Disconnect(reason string, after time.Duration, sockets ...int) {
	if reason == ReasonWarning && after == 0 {
		after = warningDelay
	}
	for _, k := range s.chosen(sockets) {
		if k.send(object{"type": "disconnect", "reason": reason, "debug_info": debugInfo(k)}) != nil {
			continue
		}
		s.running.Go(func() { s.closeLater(k, after) })
	}
}

func (s *Server) closeLater(k *socket, after time.Duration) {
	t := time.NewTimer(after)
	defer t.Stop()
	select {
	case <-t.C:
		k.control(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
		k.hangUp()
	case <-k.gone:
	case <-s.done:
	}
}

// Cut resets connections, as a broken network does. Without socket numbers it resets all.
func (s *Server) Cut(sockets ...int) {
	for _, k := range s.chosen(sockets) {
		k.cut()
	}
}

// Freeze leaves sockets half-open: no ping, no envelope, no close frame, nothing heard; Slack still counts them and
// still sends envelopes into them. Without socket numbers it freezes all.
func (s *Server) Freeze(sockets ...int) {
	for _, k := range s.chosen(sockets) {
		k.silent.Store(true)
	}
}

func (s *Server) chosen(ids []int) []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*socket
	for _, k := range s.sockets {
		if len(ids) == 0 || slices.Contains(ids, k.id) {
			out = append(out, k)
		}
	}
	return out
}
