package defender_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/testclock"
)

// TestStartNotAfter lets the time pass at different moments of a POST.
func TestStartNotAfter(t *testing.T) {
	type dialFunc = func(context.Context, string, string) (net.Conn, error)
	var straight net.Dialer
	for _, tt := range []struct {
		name  string
		tls   bool
		after time.Duration // NotAfter, from now
		dial  func(c *testclock.Clock) dialFunc
		dials int32
	}{
		{"before the dial", false, -time.Nanosecond, func(*testclock.Clock) dialFunc { return straight.DialContext }, 0},
		{"at the dial", false, 0, func(*testclock.Clock) dialFunc { return straight.DialContext }, 0},
		{"between dial and write", false, time.Second, slowDial, 1},
		{"between dial and handshake", true, time.Second, slowDial, 1},
		{"between handshake and write", true, time.Second, func(c *testclock.Clock) dialFunc {
			return func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := straight.DialContext(ctx, network, address)
				return &slowHandshake{Conn: conn, clock: c}, err
			}
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, r := newClock(), &rig{}
			r.server = httptest.NewUnstartedServer(r.recording(answers(http.StatusCreated, startedCollection)))
			r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
			start := map[bool]func(){false: r.server.Start, true: r.server.StartTLS}[tt.tls]
			start()
			t.Cleanup(r.server.Close)
			transport := clientTransport(t, r.server)
			var dials atomic.Int32
			dial := tt.dial(c)
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				return dial(ctx, network, address)
			}
			r.connect(t, defender.Config{BaseURL: r.server.URL, Now: c.Now, Transport: transport})
			o := order(t, "collect", device32)
			o.NotAfter = c.Now().Add(tt.after)
			_, err := r.Start(t.Context(), o)
			failed(t, err, defender.NotSent)
			if !errors.Is(err, defender.ErrLate) {
				t.Errorf("%v does not say that it was late", err)
			}
			if got := dials.Load(); got != tt.dials {
				t.Errorf("%d dials, want %d", got, tt.dials)
			}
			r.server.Close() // Whatever arrived has been handled after this.
			if n := len(r.all()); n != 0 {
				t.Errorf("%d requests arrived, want none", n)
			}
		})
	}
}

// slowDial connects, and it takes a minute.
func slowDial(c *testclock.Clock) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		defer c.Advance(time.Minute)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

// slowHandshake lets a minute pass after the second write, with which the client's side of
// a TLS 1.3 handshake ends.
type slowHandshake struct {
	net.Conn
	clock  *testclock.Clock
	writes int
}

func (c *slowHandshake) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.writes++; c.writes == 2 {
		c.clock.Advance(time.Minute)
	}
	return n, err
}

// TestStartNotSent are connections that never come about.
func TestStartNotSent(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := httptest.NewServer(answers(http.StatusCreated, startedCollection))
	t.Cleanup(plain.Close)
	untrusted := httptest.NewUnstartedServer(answers(http.StatusCreated, startedCollection))
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	for name, base := range map[string]string{
		"refused":             closed.URL,
		"no TLS there":        strings.Replace(plain.URL, "http:", "https:", 1),
		"unknown authority":   untrusted.URL,
		"no such host":        "http://defender.invalid",
		"proxy not reachable": "http://defender.example",
	} {
		t.Run(name, func(t *testing.T) {
			r, transport := &rig{}, &http.Transport{}
			if name == "proxy not reachable" {
				proxy, err := http.NewRequest(http.MethodGet, closed.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				transport.Proxy = http.ProxyURL(proxy.URL)
			}
			r.connect(t, defender.Config{BaseURL: base, Now: time.Now, Transport: transport})
			_, err := r.Start(t.Context(), order(t, "collect", device32))
			failed(t, err, defender.NotSent)
			if errors.Is(err, defender.ErrLate) {
				t.Errorf("%v says that it was late", err)
			}
		})
	}
}

// TestStartCancelled ends the context before the connection stands.
func TestStartCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := &rig{}
	r.connect(t, defender.Config{BaseURL: "http://defender.example", Now: time.Now, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}})
	_, err := r.Start(ctx, order(t, "collect", device32))
	failed(t, err, defender.NotSent)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say that it was cancelled", err)
	}
}

// TestStartCut reads the whole request and cuts the connection: it may have been
// carried out. Not one more request may arrive.
func TestStartCut(t *testing.T) {
	for _, answer := range []string{"", "HTTP/1.1 201 Cre", "no HTTP at all\r\n\r\n"} {
		t.Run(answer, func(t *testing.T) {
			r := setup(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Errorf("hijack: %v", err)
					return
				}
				defer conn.Close()
				if _, err := io.WriteString(conn, answer); err != nil {
					t.Errorf("write: %v", err)
				}
			})
			// Connections that are kept alive are the ones on which net/http repeats requests.
			if _, err := r.Device(t.Context(), device40); err == nil {
				t.Fatal("the server answers nothing, and there is no error")
			}
			before := len(r.all())
			_, err := r.Start(t.Context(), order(t, "collect", device32))
			failed(t, err, defender.OutcomeUnknown)
			r.server.Close()
			if n := len(r.all()) - before; n != 1 {
				t.Errorf("%d requests arrived, want 1", n)
			}
		})
	}
}

// TestLimit asks a server that never answers, and counts the time.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		served, started := make(chan error, 1), time.Now()
		r := &rig{}
		r.connect(t, defender.Config{BaseURL: "http://defender.example", Now: time.Now, Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				client, server := net.Pipe()
				go func() { served <- swallow(server) }()
				return client, nil
			},
		}})
		_, err := r.Start(t.Context(), order(t, "collect", device32))
		failed(t, err, defender.OutcomeUnknown)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v does not say that the time was up", err)
		}
		if got := time.Since(started); got != 20*time.Second {
			t.Errorf("it took %v, want 20s", got)
		}
		if err := <-served; err != nil {
			t.Errorf("the request did not arrive: %v", err)
		}
	})
}

// swallow reads one request and then whatever comes until the other side hangs up.
func swallow(conn net.Conn) error {
	defer conn.Close()
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil {
		return err
	}
	if _, err = io.Copy(io.Discard, req.Body); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, in)
	return err
}

// TestGuardDial gives a dial no more time than NotAfter leaves.
func TestGuardDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		r := &rig{}
		r.connect(t, defender.Config{BaseURL: "http://defender.example", Now: time.Now, Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		}})
		o := order(t, "collect", device32)
		o.NotAfter = started.Add(5 * time.Second)
		_, err := r.Start(t.Context(), o)
		failed(t, err, defender.NotSent)
		if got := time.Since(started); got != 5*time.Second {
			t.Errorf("it took %v, want 5s", got)
		}
	})
}
