package chaos_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"
)

// webWay is what a slot's ways to Slack and to Defender have in common.
type webWay struct {
	host   string // its own address
	to     string // that of the server behind it
	gate   *gate
	slot   *slot
	client *http.Transport
	server *http.Server
	served sync.WaitGroup
}

func newWebWay(t testing.TB, to string, g *gate, s *slot) *webWay {
	t.Helper()
	l := listen(t)
	w := &webWay{
		host: l.Addr().String(), to: strings.TrimPrefix(to, "http://"), gate: g, slot: s,
		client: &http.Transport{MaxIdleConnsPerHost: 8},
		server: &http.Server{ReadHeaderTimeout: 10 * time.Second},
	}
	w.served.Go(func() {
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			panic(err) // only close ends it
		}
	})
	return w
}

func (w *webWay) close() {
	w.server.Close()
	w.served.Wait()
	w.client.CloseIdleConnections()
}

// pass lets a passage through or cuts the connection.
func (w *webWay) pass(at place, text string) {
	if !w.gate.pass(passage{at, text, w.slot}) {
		panic(http.ErrAbortHandler)
	}
}

// answered is an answer of the server behind, or why there is none.
type answered struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// crossing is how long a call may take behind the proxy: longer than any caller
// waits.
const crossing = time.Minute

// forward carries a call on. What has left a process arrives, also when the
// process is gone: the caller's context does not end it. The first channel is closed when
// all of it has reached the server; the answer comes after.
func (w *webWay) forward(r *http.Request, body []byte) (sent chan struct{}, answer chan answered) {
	sent, answer = make(chan struct{}), make(chan answered, 1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), crossing)
	once := sync.OnceFunc(func() { close(sent) })
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { once() }})
	w.served.Go(func() {
		defer cancel()
		defer once()
		answer <- w.roundTrip(ctx, r, body)
	})
	return sent, answer
}

func (w *webWay) roundTrip(ctx context.Context, r *http.Request, body []byte) answered {
	out, err := http.NewRequestWithContext(ctx, r.Method, "http://"+w.to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return answered{err: err}
	}
	out.Header = r.Header.Clone()
	out.GetBody = nil // never twice: the proxy must not double what it carries
	res, err := w.client.RoundTrip(out)
	if err != nil {
		return answered{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return answered{res.StatusCode, res.Header, text, err}
}

// read takes a call in whole. One that breaks off has not left its process.
func read(r *http.Request) []byte {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return body
}

// write carries an answer back; no answer is a cut connection.
func (a answered) write(out http.ResponseWriter) {
	if a.err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.header {
		if name != "Content-Length" {
			out.Header()[name] = values
		}
	}
	out.WriteHeader(a.status)
	if _, err := out.Write(a.body); err != nil {
		panic(http.ErrAbortHandler)
	}
	if err := http.NewResponseController(out).Flush(); err != nil {
		panic(http.ErrAbortHandler)
	}
}
