package defender_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"defenderbot/defender"
)

// tunnel is a proxy that knows only CONNECT. It answers the first with the status, and
// for 200 connects both sides.
func tunnel(t *testing.T, status int) *url.URL {
	t.Helper()
	var open sync.WaitGroup
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		there, err := net.Dial("tcp", r.Host)
		if err != nil {
			t.Errorf("proxy: %v", err)
			return
		}
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("proxy: %v", err)
			return
		}
		if _, err := io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			t.Errorf("proxy: %v", err)
		}
		open.Go(func() { pipe(there, here) })
		open.Go(func() { pipe(here, there) })
	}))
	t.Cleanup(func() { proxy.Close(); open.Wait() })
	u, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// pipe copies until either side ends, and ends the other.
func pipe(to, from net.Conn) {
	defer to.Close()
	// However it ends, it has ended.
	_, _ = io.Copy(to, from)
}

// TestProxy sends through a company's proxy, with the same proof when it refuses.
func TestProxy(t *testing.T) {
	r := &rig{}
	r.server = httptest.NewTLSServer(r.recording(answers(http.StatusCreated, startedCollection)))
	t.Cleanup(r.server.Close)
	for _, status := range []int{http.StatusOK, http.StatusProxyAuthRequired} {
		transport := clientTransport(t, r.server)
		transport.Proxy = http.ProxyURL(tunnel(t, status))
		r.connect(t, defender.Config{BaseURL: r.server.URL, Now: time.Now, Transport: transport})
		_, err := r.Start(t.Context(), order(t, "collect", device32))
		if status != http.StatusOK {
			failed(t, err, defender.NotSent)
		} else if err != nil {
			t.Errorf("Start through a proxy: %v", err)
		}
	}
	if n := len(r.all()); n != 1 {
		t.Errorf("%d requests arrived, want 1", n)
	}
}
