package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"defenderbot/approvals/ledger"
)

// watch is what operators see: whether the bot is ready, and its metrics.
type watch struct {
	*readiness
	*metrics

	doubts chan struct{} // Redis failed
}

func newWatch(o Options) *watch {
	w := &watch{readiness: newReadiness(), metrics: newMetrics(o.Catalogue, o.Version), doubts: make(chan struct{}, 1)}
	w.gauge("defenderbot_ready", "1 while the bot takes commands, as /readyz says.", w.isReady)
	return w
}

// isReady is 1 while the bot takes commands. A scrape has no context to ask with; what is
// asked has a limit of its own.
func (w *watch) isReady() float64 {
	_, err := w.ready(context.Background())
	return float64(number(err == nil))
}

// redisFailed counts a failure of Redis and has it looked into.
func (w *watch) redisFailed(f ledger.Fault) {
	w.faults.WithLabelValues(oneOf(string(f), faults())).Inc()
	select {
	case w.doubts <- struct{}{}:
	default:
	}
}

// listen opens HTTP_ADDR before anything else starts: whoever probes the bot
// hears from the beginning what it waits for. Nil: there is no server.
func (a *App) listen(ctx context.Context) (net.Listener, error) {
	if a.config.HTTPAddr == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.HTTPAddr)
	if err != nil {
		return nil, fmt.Errorf("HTTP_ADDR: %w", err)
	}
	return listener, nil
}

// serveHTTP serves /healthz, /readyz and /metrics until ctx ends.
func (a *App) serveHTTP(ctx context.Context, listener net.Listener) error {
	server := newServer(a.watch.handler(), a.options.Log)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // probes need no farewell
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http server: %w", err)
	}
	return ctx.Err()
}

// Anybody in the cluster can reach the server, and what it holds is taken from
// the bot: memory, and the file descriptors that Slack, Redis and Defender need.
const (
	readLimit   = 5 * time.Second  // from the connection to the end of the request
	writeLimit  = 10 * time.Second // from the request's header to the end of the answer
	headerLimit = 8 << 10          // net/http reads another 4 KB before it refuses
	roomLimit   = 512              // connections; half of what a process gets where nobody raised it
)

// newServer makes a server that waits for nobody for long. It closes each
// connection after its answer: a prober comes every few seconds and can well
// connect anew, and so no connection is ever idle.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	c := &crowd{room: roomLimit, log: log}
	s := &http.Server{
		Handler:     h,
		ReadTimeout: readLimit, WriteTimeout: writeLimit, MaxHeaderBytes: headerLimit,
		ConnState: c.changed,
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	s.SetKeepAlivesEnabled(false)
	return s
}

// crowd keeps the number of connections down: when one more comes than there is
// room for, the oldest is closed. A limit on accepting would let whoever came
// first keep the probes outside; an honest request is answered long before it
// is the oldest.
type crowd struct {
	room int
	log  *slog.Logger

	mu    sync.Mutex
	conns []net.Conn // the oldest first
	full  bool       // has been said
}

// changed is an [http.Server.ConnState].
func (c *crowd) changed(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if oldest := c.enter(conn); oldest != nil {
			_ = oldest.Close() // whoever serves it notices and has nobody to tell
		}
	case http.StateClosed:
		c.leave(conn)
	case http.StateActive, http.StateIdle, http.StateHijacked:
	}
}

// enter returns the connection that has to go for the new one, nil if none has.
func (c *crowd) enter(conn net.Conn) (oldest net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = append(c.conns, conn)
	if len(c.conns) <= c.room {
		return nil
	}
	if !c.full { // once for each crowd, not for each of it
		c.full = true
		c.log.Warn("http connection limit reached, oldest closed", "room", c.room)
	}
	oldest = c.conns[0]
	c.conns = slices.Delete(c.conns, 0, 1)
	return oldest
}

func (c *crowd) leave(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns = slices.DeleteFunc(c.conns, func(one net.Conn) bool { return one == conn })
	c.full = c.full && len(c.conns) > c.room/2
}

func (w *watch) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) { say(out, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(out http.ResponseWriter, in *http.Request) {
		details, err := w.ready(in.Context())
		if err != nil {
			say(out, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		say(out, http.StatusOK, strings.Join(append([]string{"ready"}, details...), "\n"))
	})
	// A few kilobytes are not worth a compressor for each of many who ask.
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{DisableCompression: true}))
	return mux
}

func say(out http.ResponseWriter, status int, text string) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.WriteHeader(status)
	_, _ = fmt.Fprintln(out, text) // a prober that hung up wants no answer
}
