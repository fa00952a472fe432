package defender_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/defender"
)

// network is a listener and the way to it. The way can fall silent: what is on it swallows
// everything from then on, in both directions, and nobody is told. Connections that are
// opened later are well.
type network struct {
	accept chan net.Conn
	gone   chan struct{}

	mu    sync.Mutex
	lines []*line
}

// line is one connection, with both halves of the relay.
type line struct {
	silent chan struct{} // closed when it is
	ends   []net.Conn
}

func newNetwork() *network { return &network{accept: make(chan net.Conn), gone: make(chan struct{})} }

// Accept implements [net.Listener].
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accept:
		return c, nil
	case <-n.gone:
		return nil, net.ErrClosed
	}
}

// Addr implements [net.Listener]. It is a name that httptest's certificate is for.
func (n *network) Addr() net.Addr { return place{} }

type place struct{}

func (place) Network() string { return "pipe" }
func (place) String() string  { return "example.com" }

// Close implements [net.Listener].
func (n *network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.gone: // httptest closes it twice
		return nil
	default:
	}
	close(n.gone)
	for _, l := range n.lines {
		l.cut()
	}
	return nil
}

// dial is a DialContext.
func (n *network) dial(context.Context, string, string) (net.Conn, error) {
	client, near := net.Pipe()
	far, server := net.Pipe()
	l := &line{silent: make(chan struct{}), ends: []net.Conn{client, near, far, server}}
	n.mu.Lock()
	n.lines = append(n.lines, l)
	n.mu.Unlock()
	go l.relay(near, far)
	go l.relay(far, near)
	n.accept <- server
	return client, nil
}

// silence lets every line of now fall silent, and returns how many there are.
func (n *network) silence() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, l := range n.lines {
		close(l.silent)
	}
	return len(n.lines)
}

// dials is how many lines there have been.
func (n *network) dials() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.lines)
}

// relay carries bytes one way. A silent line does not even tell that it has ended.
func (l *line) relay(from, to net.Conn) {
	b := make([]byte, 32<<10)
	for {
		k, err := from.Read(b)
		select {
		case <-l.silent:
			if err != nil {
				return
			}
			continue
		default:
		}
		if err != nil {
			l.cut()
			return
		}
		if _, err := to.Write(b[:k]); err != nil {
			l.cut()
			return
		}
	}
}

func (l *line) cut() {
	for _, c := range l.ends {
		c.Close()
	}
}

// far starts a server behind a network, and returns a transport that leads to it.
func far(t *testing.T, http2 bool, handler http.HandlerFunc) (*network, *http.Transport) {
	t.Helper()
	n := newNetwork()
	s := httptest.NewUnstartedServer(handler)
	s.Listener.Close()
	s.Listener, s.EnableHTTP2 = n, http2
	s.StartTLS()
	t.Cleanup(s.Close)
	transport := clientTransport(t, s)
	transport.DialContext = n.dial
	return n, transport
}

// TestSilentConnectionReads lets the other side go away without a word while reads come
// all the time: those that were under way are lost, and soon all is well again.
func TestSilentConnectionReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		n, transport := far(t, true, r.recording(answers(http.StatusOK, sampleMachine)))
		r.connect(t, defender.Config{BaseURL: "https://example.com", Now: time.Now, Transport: transport})
		if _, err := r.Device(t.Context(), device40); err != nil {
			t.Fatal(err)
		}
		if got := r.all()[0].Proto; got != "HTTP/2.0" {
			t.Fatalf("the read came over %s, want HTTP/2.0", got)
		}
		n.silence()
		var reads sync.WaitGroup
		for after := time.Duration(0); after < time.Minute; after += 4 * time.Second {
			reads.Go(func() {
				// Ten seconds without a frame, and five without an answer to a ping.
				if _, err := r.Device(t.Context(), device40); err != nil && after > 15*time.Second {
					t.Errorf("a read %v after the silence began: %v", after, err)
				}
			})
			time.Sleep(4 * time.Second)
		}
		reads.Wait()
	})
}

// TestSilentConnectionIdle lets the other side go away while nobody reads.
func TestSilentConnectionIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{}
		n, transport := far(t, true, answers(http.StatusOK, sampleMachine))
		r.connect(t, defender.Config{BaseURL: "https://example.com", Now: time.Now, Transport: transport})
		if _, err := r.Device(t.Context(), device40); err != nil {
			t.Fatal(err)
		}
		n.silence()
		time.Sleep(16 * time.Second)
		if _, err := r.Device(t.Context(), device40); err != nil {
			t.Errorf("the first read after the silence: %v", err)
		}
	})
}

// TestSilentConnectionHTTP1 has several connections fall silent that cannot ping: the first
// read that is lost takes all of them along.
func TestSilentConnectionHTTP1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, three := &rig{}, make(chan struct{}, 3)
		n, transport := far(t, false, func(w http.ResponseWriter, req *http.Request) {
			select {
			case three <- struct{}{}: // the first three come at once, so that each has a connection
				time.Sleep(time.Second)
			default:
			}
			answers(http.StatusOK, sampleMachine)(w, req)
		})
		transport.MaxIdleConnsPerHost = 3
		r.connect(t, defender.Config{BaseURL: "https://example.com", Now: time.Now, Transport: transport})
		var reads sync.WaitGroup
		for range 3 {
			reads.Go(func() {
				if _, err := r.Device(t.Context(), device40); err != nil {
					t.Error(err)
				}
			})
		}
		reads.Wait()
		if got := n.silence(); got != 3 {
			t.Fatalf("%d connections, want 3", got)
		}
		_, err := r.Device(t.Context(), device40)
		failed(t, err, defender.OutcomeUnknown)
		if _, err := r.Device(t.Context(), device40); err != nil {
			t.Errorf("the read after the one that was lost: %v", err)
		}
	})
}

// TestSilentConnectionTokens has the connection to the token endpoint fall silent.
func TestSilentConnectionTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var protos []string
		n, transport := far(t, true, func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			protos = append(protos, r.Proto)
			answers(http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","expires_in":3599,"access_token":"t%d"}`, len(protos)))(w, r)
		})
		tokens, err := defender.NewTokens(defender.TokenConfig{
			TokenURL: "https://example.com/t", ClientID: "client", Scope: "s", Credential: defender.Secret(clientSecret),
			Now: time.Now, Transport: transport,
		})
		if err != nil {
			t.Fatal(err)
		}
		access, err := tokens.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n.silence()
		tokens.Discard(access)
		time.Sleep(time.Second) // so that the ping's end comes before the request's
		if _, err := tokens.Get(t.Context()); err == nil {
			t.Fatal("a token came over a silent connection")
		}
		time.Sleep(time.Second) // the pause after a failure
		if got, err := tokens.Get(t.Context()); err != nil || got != "t2" {
			t.Errorf("the token after the one that was lost is %q, %v", got, err)
		}
		if want := []string{"HTTP/2.0", "HTTP/2.0"}; !slices.Equal(protos, want) || n.dials() != 2 {
			t.Errorf("requests came over %q on %d connections, want %q on 2", protos, n.dials(), want)
		}
	})
}
