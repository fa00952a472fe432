package defender

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// ErrLate is in the error of a call that was not made because its time had passed:
// [Order.NotAfter], or that of its token.
var ErrLate = errors.New("the time for sending has passed")

// errSealed refuses what would be written after the caller was told that nothing was.
var errSealed = errors.New("the request was given up")

// guard watches the one connection of one POST. It stands below TLS, so that it sees
// what really leaves, through a proxy too. It refuses every dial and write after
// notAfter, and knows whether any byte of the request was handed to the network.
type guard struct {
	now      func() time.Time
	notAfter time.Time

	mu     sync.Mutex
	ready  bool // the connection stands: what is written from here on is the request
	wrote  bool // at least one write of the request was let through
	sealed bool // nothing more is let through
}

// transport returns a transport for the one request of the context. It is never used
// again: a connection that carried nothing before is one on which net/http never repeats
// a request. When the context ends so does the dial, which net/http would let go on.
func (g *guard) transport(ctx context.Context, base *http.Transport) *http.Transport {
	t := base.Clone()
	dial := base.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	t.DialContext = func(_ context.Context, network, address string) (net.Conn, error) {
		return g.dial(ctx, dial, network, address)
	}
	t.DialTLSContext = nil
	t.DisableKeepAlives = true
	t.ForceAttemptHTTP2 = false
	// HTTP/2 writes frames of its own and has its own rules for repeating requests. A base
	// that was in use has it in more places.
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = []string{"http/1.1"} // Clone has made it ours.
	}
	return t
}

// dialer is the function of a transport that opens connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dial opens the connection unless it is late. What is left of the time bounds the dial
// too, because one dial may try several addresses one after the other.
func (g *guard) dial(ctx context.Context, dial dialer, network, address string) (net.Conn, error) {
	left := g.notAfter.Sub(g.now())
	if left <= 0 || g.late() {
		return nil, ErrLate
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	conn, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &guardedConn{Conn: conn, guard: g}, nil
}

// late reports whether nothing may start any more, by the clock that only runs forward or
// by the one on the wall: the first stands still while a machine is suspended.
func (g *guard) late() bool {
	now := g.now()
	return now.After(g.notAfter) || now.Round(0).After(g.notAfter.Round(0))
}

// trace returns a context that tells the guard when the connection stands, after the
// proxy's answer and the TLS handshake.
func (g *guard) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.ready = true
		},
	})
}

// allow decides on one write.
func (g *guard) allow() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.sealed:
		return errSealed
	case g.late():
		return ErrLate
	}
	g.wrote = g.wrote || g.ready
	return nil
}

// seal lets nothing more through and reports whether any byte of the request can have
// left. Only after seal is a "no" a proof: net/http may return an error while its
// writing goroutine still is on its way to the connection.
func (g *guard) seal() (wrote bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sealed = true
	return g.wrote
}

// verdict ends the request and says what is known about it.
func (g *guard) verdict() Cause {
	if g.seal() {
		return OutcomeUnknown
	}
	return NotSent
}

// guardedConn asks its guard before each write.
type guardedConn struct {
	net.Conn
	guard *guard
}

// Write writes if the guard allows it; otherwise nothing leaves.
func (c *guardedConn) Write(b []byte) (int, error) {
	if err := c.guard.allow(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
