package defenderfake

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Server is a running tenant. Its methods may be called from several goroutines.
type Server struct {
	now       func() time.Time
	endpoints []endpoint
	wire      *wire
	done      chan struct{}  // closed by Close
	running   sync.WaitGroup // requests in progress and the ticker

	mu      sync.Mutex
	closed  bool
	tenant  *tenant
	faults  []*armed
	calls   journal
	changed chan struct{} // closed and replaced at each change
}

// Start listens and serves until Close. It fails when Now is missing or the address cannot be had.
func Start(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		now: o.Now, endpoints: endpoints(o.Limits),
		done: make(chan struct{}), changed: make(chan struct{}),
	}
	s.wire, err = listen(o.Addr, o.TLS, http.HandlerFunc(s.serve))
	if err != nil {
		return nil, fmt.Errorf("defenderfake: %w", err)
	}
	s.tenant = newTenant(o, s.URL())
	s.running.Go(s.watchTime)
	s.wire.serve()
	return s, nil
}

// Close cuts all connections and returns when nothing of the server runs any more. A second Close does nothing.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	close(s.done)
	s.wire.close()
	s.running.Wait()
}

// URL is the API's base, without the trailing /api, such as http://127.0.0.1:41234.
func (s *Server) URL() string { return s.wire.url() }

// Authority is the login host: tokens come from {authority}/{tenant}/oauth2/v2.0/token.
func (s *Server) Authority() string { return s.URL() }

// Scope is the scope to ask tokens for; it is Microsoft's own, not made from URL.
func (s *Server) Scope() string { return apiResource + "/.default" }

// Down closes the port and every connection: who dials now is refused by the operating system.
func (s *Server) Down() { s.wire.down() }

// Up opens the same port again. It fails when another program has taken it meanwhile.
func (s *Server) Up() error { return s.wire.up() }

// AddDevice puts a device into the tenant, or replaces the one with its id. Required fields that are empty get plain
// values: a healthy, onboarded Windows 11 that was seen just now.
func (s *Server) AddDevice(d Device) {
	s.change(func(t *tenant) { t.devices[d.ID] = d.withDefaults(s.now()) })
}

// RemoveDevice takes a device out of the tenant; its actions stay.
func (s *Server) RemoveDevice(id string) {
	s.change(func(t *tenant) { delete(t.devices, id) })
}

// SetApp registers an application or replaces its registration. Tokens that are out keep the roles they have, as in
// Entra.
func (s *Server) SetApp(a App) {
	a.Roles = slices.Clone(a.Roles)
	s.change(func(t *tenant) { t.apps[a.ID] = a })
}

// RevokeTokens makes every token issued so far answer 401.
func (s *Server) RevokeTokens() {
	s.change(func(t *tenant) { clear(t.tokens) })
}

// Finish ends an open action or investigation now, in the given status or state, as a device does that comes back or
// fails. It reports an error when there is none with that id or it has ended.
func (s *Server) Finish(id, state string) error {
	var err error
	s.change(func(t *tenant) { err = t.finish(id, state, "", "", s.now()) })
	return err
}

// change runs do with the tenant locked and tells who waits.
func (s *Server) change(do func(*tenant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.tenant)
	s.ring()
}
