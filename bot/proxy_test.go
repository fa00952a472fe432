package bot

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
)

// middleman is a proxy that connects callers with whom they name.
type middleman struct {
	*httptest.Server

	calls atomic.Int32
	user  atomic.Value // who the last one was
}

func newMiddleman(t *testing.T, start func(*httptest.Server)) *middleman {
	t.Helper()
	r := &middleman{}
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(r.connect))
	r.Config.ErrorLog = log.New(io.Discard, "", 0) // callers who do not trust it
	start(r.Server)
	t.Cleanup(r.Close)
	return r
}

func (r *middleman) connect(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodConnect {
		http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
		return
	}
	r.calls.Add(1)
	r.user.Store(req.Header.Get("Proxy-Authorization"))
	there, err := net.Dial("tcp", req.Host)
	if err != nil {
		http.Error(w, "nobody there", http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(here, there); _ = here.Close() }()
	_, _ = io.Copy(there, bufio.NewReader(buffered))
}

// TestSocketThroughProxy opens a socket over TLS through a proxy, which is spoken to
// over TLS or not; who vouches for both is an authority of one's own.
func TestSocketThroughProxy(t *testing.T) {
	slack := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			return // Upgrade has answered
		}
		defer conn.Close()
		speak(conn, hello)
		hear(conn)
	}))
	t.Cleanup(slack.Close)
	trusted := x509.NewCertPool()
	trusted.AddCert(slack.Certificate())
	link := func(context.Context) (string, error) {
		return "wss" + strings.TrimPrefix(slack.URL, "https") + "/link/?ticket=a-ticket-4712", nil
	}
	for name, tt := range map[string]struct {
		start  func(*httptest.Server)
		scheme string
	}{
		"http":  {(*httptest.Server).Start, "http"},
		"https": {(*httptest.Server).StartTLS, "https"},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := newMiddleman(t, tt.start)
			address, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			address.User = url.UserPassword("ada", "s3cret")
			if address.Scheme != tt.scheme {
				t.Fatalf("the proxy is %s", address.Scheme)
			}
			w := watch(t, link, func(x *Session) {
				x.roots = trusted
				x.proxy = func(*http.Request) (*url.URL, error) { return address, nil }
			})
			w.happened("hello", 1)
			user := base64.StdEncoding.EncodeToString([]byte("ada:s3cret"))
			if proxy.calls.Load() != 1 || proxy.user.Load() != "Basic "+user {
				t.Errorf("the proxy was called %d times, by %q", proxy.calls.Load(), proxy.user.Load())
			}
			if strings.Contains(w.logged(), "s3cret") {
				t.Errorf("the log holds the proxy's password: %s", w.logged())
			}
		})
	}
	t.Run("a proxy that nobody vouches for", func(t *testing.T) {
		proxy := newMiddleman(t, (*httptest.Server).StartTLS)
		address, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		w := watch(t, link, func(x *Session) {
			x.roots = x509.NewCertPool()
			x.proxy = func(*http.Request) (*url.URL, error) { return address, nil }
		})
		w.wait("the reason", func() bool { return strings.Contains(w.logged(), "certificate") })
		if n := w.Live(); n != 0 {
			t.Errorf("%d sockets are live", n)
		}
	})
}
