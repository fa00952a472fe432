package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/bot"
)

// watch is what operators see: whether the bot is ready, and its metrics.
type watch struct {
	registry *prometheus.Registry
	changes  *prometheus.CounterVec
	sockets  *prometheus.CounterVec
	acks     *prometheus.HistogramVec

	mu      sync.Mutex
	lacks   map[string]error // what the start waits for
	session *bot.Session
	rdb     redis.UniversalClient
	roster  *approvals.Roster
}

func newWatch() *watch {
	w := &watch{
		registry: prometheus.NewRegistry(),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "defenderbot_changes_total", Help: "Changes of requests and calls, by action, event and the state after.",
		}, []string{"action", "event", "state"}),
		sockets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "defenderbot_socket_events_total", Help: "What happened to sockets: hello, closed, and the reasons Slack gave.",
		}, []string{"event"}),
		acks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "defenderbot_acknowledgement_seconds", Help: "From receiving an envelope to having answered it; Slack waits 3 s.",
			Buckets: []float64{.01, .03, .1, .3, 1, 2, 3, 10},
		}, []string{"type"}),
		lacks: map[string]error{"start": errors.New("has not connected yet")},
	}
	w.registry.MustRegister(w.changes, w.sockets, w.acks, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_sockets", Help: "Sockets to Slack that are open now.",
	}, func() float64 { return float64(w.live()) }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_approvers", Help: "People on the list of approvers who may decide, as last looked up.",
	}, func() float64 { return float64(w.approvers().Able) }))
	return w
}

func (w *watch) connected(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.lacks, what)
}

func (w *watch) missing(what string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lacks[what] = err
}

func (w *watch) started(s *bot.Session, rdb redis.UniversalClient) {
	w.connected("start")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session, w.rdb = s, rdb
}

func (w *watch) live() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		return 0
	}
	return w.session.Live()
}

// ready says what is missing to take commands.
func (w *watch) ready(ctx context.Context) error {
	if missing := w.waitsFor(); missing != nil {
		return missing
	}
	var missing []error
	if w.live() == 0 {
		missing = append(missing, errors.New("slack: no socket is open"))
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := w.client().Ping(ctx).Err(); err != nil {
		missing = append(missing, fmt.Errorf("redis: %w", err))
	}
	missing = append(missing, w.approvers().TooFew())
	return errors.Join(missing...)
}

// waitsFor says what the start waits for, in one order.
func (w *watch) waitsFor() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var missing []error
	for _, what := range slices.Sorted(maps.Keys(w.lacks)) {
		missing = append(missing, fmt.Errorf("%s: %w", what, w.lacks[what]))
	}
	return errors.Join(missing...)
}

func (w *watch) client() redis.UniversalClient {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rdb
}

func (w *watch) answered(kind string, took time.Duration) {
	if kind != "slash_commands" && kind != "interactive" {
		kind = "other"
	}
	w.acks.WithLabelValues(kind).Observe(took.Seconds())
}

func (w *watch) socketEvent(event string) { w.sockets.WithLabelValues(event).Inc() }

// observe logs and counts a change that is in Redis.
func (a *App) observe(before, after approvals.Request, e approvals.Event) {
	c := approvals.Describe(before, after, e)
	a.watch.changes.WithLabelValues(after.Action, c.Event, c.To).Inc()
	a.options.Log.Info("changed", "request", after.ID, "action", after.Action, "event", c.Event,
		"from", c.From, "to", c.To, "by", c.By, "detail", c.Detail)
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
	if listener == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	server := &http.Server{Handler: a.watch.handler(), ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // probes need no farewell
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http server: %w", err)
	}
	return ctx.Err()
}

func (w *watch) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(out http.ResponseWriter, _ *http.Request) { say(out, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(out http.ResponseWriter, in *http.Request) {
		if err := w.ready(in.Context()); err != nil {
			say(out, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		say(out, http.StatusOK, "ready"+w.remarks())
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}))
	return mux
}

func say(out http.ResponseWriter, status int, text string) {
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out.WriteHeader(status)
	_, _ = fmt.Fprintln(out, text) // a prober that hung up wants no answer
}
