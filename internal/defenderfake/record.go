package defenderfake

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Call is one HTTP request. No token, secret or package link is in it.
type Call struct {
	At       time.Time // when it arrived, by Options.Now
	Endpoint string    // "" when the API has no such path and verb
	Method   string
	Path     string // with the query, unless that holds a secret
	App      string // client id of the caller; "" when not known
	Taken    bool   // it took a place in the endpoint's windows
	Status   int    // 0 while it is held and when the connection was cut
	Made     string // id of the action or investigation that it created
	Done     bool
}

// Snapshot is the tenant at one moment: what was asked of it and what came of it, oldest first; devices by id.
type Snapshot struct {
	At             time.Time
	Calls          []Call // the newest 10,000
	CallsTotal     int    // requests since the start
	Actions        []Action
	Investigations []Investigation
	Devices        []Device
}

// Snapshot returns the tenant as it is now; fresh actions are in it.
func (s *Server) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Server) snapshot() Snapshot {
	out := Snapshot{At: s.now(), Calls: s.calls.newest(), CallsTotal: s.calls.total}
	for _, a := range s.tenant.actions {
		out.Actions = append(out.Actions, a.at(out.At))
	}
	for _, i := range s.tenant.investigations {
		out.Investigations = append(out.Investigations, i.at(out.At))
	}
	for _, d := range s.tenant.devices {
		out.Devices = append(out.Devices, d)
	}
	slices.SortFunc(out.Devices, func(a, b Device) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// Calls returns the newest 10,000 HTTP requests, oldest first.
func (s *Server) Calls() []Call { return s.Snapshot().Calls }

// Actions returns every machine action so far, oldest first, with what it is now.
func (s *Server) Actions() []Action { return s.Snapshot().Actions }

// Investigations returns every investigation so far, oldest first, with what it is now.
func (s *Server) Investigations() []Investigation { return s.Snapshot().Investigations }

// Changed returns a channel that is closed at the next change: a request that arrives or is answered, an action that
// is created or moves on, a device. Take it before the snapshot that it is to watch.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Wait returns nil as soon as a snapshot satisfies cond, and ctx's error when that ends first. It looks again at every
// change, so cond must not hang on Snapshot.At alone.
func (s *Server) Wait(ctx context.Context, cond func(Snapshot) bool) error {
	for {
		changed := s.Changed()
		if cond(s.Snapshot()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ring tells who waits; s.mu is held.
func (s *Server) ring() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// watchTime rings when the tenant's clock has moved an action on.
func (s *Server) watchTime() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	seen := 0
	for {
		select {
		case <-s.done:
			return
		case <-tick.C:
			seen = s.ringIfMoved(seen)
		}
	}
}

func (s *Server) ringIfMoved(seen int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	moved := s.tenant.stages(s.now())
	if moved != seen {
		s.ring()
	}
	return moved
}
