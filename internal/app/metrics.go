package app

import (
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/bot"
	"defenderbot/defender"
)

// metrics are what /metrics counts. Every counter is there from the start, at 0: an alert
// on an increase would not see a first one that makes its own series.
type metrics struct {
	registry *prometheus.Registry
	flow     flow
	traffic  traffic
	backlog  *backlog
	sockets  *prometheus.CounterVec
	acks     *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	faults   *prometheus.CounterVec
	jumps    prometheus.Counter
	setBacks prometheus.Counter
	live     gauge // sockets
	able     gauge // approvers
	frozen   gauge // calls
	usable   gauge // token
	tokenAge seconds
	sealAge  seconds
}

// gauge is a number that is asked for when somebody looks: 0 until the bot runs.
type gauge struct{ atomic.Pointer[func() int] }

func (g *gauge) value() float64 {
	if now := g.Load(); now != nil {
		return float64((*now)())
	}
	return 0
}

// seconds is a time that is asked for when somebody looks: 0 until the bot runs.
type seconds struct {
	atomic.Pointer[func() time.Duration]
}

func (s *seconds) value() float64 {
	if now := s.Load(); now != nil {
		return (*now)().Seconds()
	}
	return 0
}

// shows takes the gauges from a bot that runs.
func (m *metrics) shows(p *parts, s *bot.Session, tokens *defender.Tokens, a *App) {
	live, able := s.Live, func() int { return p.roster.State().Able }
	m.live.Store(&live)
	m.able.Store(&able)
	frozen, sealAge := func() int { return number(p.store.Frozen().Is()) }, p.store.SealAge
	m.frozen.Store(&frozen)
	m.sealAge.Store(&sealAge)
	usable, age := func() int { return number(tokens.Usable()) }, tokens.Age
	m.usable.Store(&usable)
	m.tokenAge.Store(&age)
	m.backlog.asks(p.store, a.config.Actions, a.options.Clock)
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// others is the label for what is none of the few that a label has: what another
// version or another program makes up must not make series without end.
const others = "other"

// oneOf is name, if it is one of these.
func oneOf(name string, these []string) string {
	if slices.Contains(these, name) {
		return name
	}
	return others
}

// counter makes a counter with labels, all of which are there from the start.
func (m *metrics) counter(name, help string, labels []string, from ...[]string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	for _, values := range product(from) {
		v.WithLabelValues(values...)
	}
	m.registry.MustRegister(v)
	return v
}

// histogram is the same for durations, in seconds.
func (m *metrics) histogram(name, help string, buckets []float64, label string, values []string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{label})
	for _, value := range values {
		v.WithLabelValues(value)
	}
	m.registry.MustRegister(v)
	return v
}

func (m *metrics) plain(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value))
}

// product is every combination of one value of each list.
func product(lists [][]string) [][]string {
	if len(lists) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for _, first := range lists[0] {
		for _, rest := range product(lists[1:]) {
			all = append(all, append([]string{first}, rest...))
		}
	}
	return all
}

// quick are buckets for what takes milliseconds as a rule, and for which Slack waits 3 s.
func quick() []float64 {
	return []float64{.0005, .001, .002, .003, .005, .0075, .01, .025, .05, .1, .25, .5, 1, 2, 3}
}

// distant are buckets for what other services answer.
func distant() []float64 { return []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20} }

func acknowledged() []string { return []string{"slash_commands", "interactive", others} }

// socketEvents are what happens to sockets: see [bot.Session].
func socketEvents() []string {
	return []string{"hello", "closed", "warning", "refresh_requested", "too_many_websockets", "link_disabled", "silent", "stuck", "cut", "refused", others}
}

// faults are those that Redis has a word for or that its client finds: see [ledger.FaultOf].
func faults() []string {
	return []string{
		string(ledger.Unreachable), string(ledger.NoAnswer), string(ledger.Behind), string(ledger.NoCommand), string(ledger.Unspecific), string(ledger.NoRight),
		"OOM", "READONLY", "NOREPLICAS", "NOAUTH", "WRONGPASS", "MISCONF", "LOADING", "BUSY", "WRONGTYPE", "CLUSTERDOWN", "MASTERDOWN", "CROSSSLOT",
		"MOVED", "ASK", "TRYAGAIN", "UNBLOCKED", others,
	}
}

func newMetrics(catalogue defender.Catalogue, version string) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.flow = m.newFlow(catalogue)
	m.traffic = m.newTraffic(catalogue)
	m.backlog = newBacklog()
	m.registry.MustRegister(m.backlog)
	m.sockets = m.counter("defenderbot_socket_events_total",
		"What happened to sockets: hello and closed; the reason Slack gave for closing (warning, refresh_requested, too_many_websockets, link_disabled); "+
			"how one was lost (silent, stuck, cut), or was not opened (refused).", []string{"event"}, socketEvents())
	m.acks = m.histogram("defenderbot_acknowledgement_seconds", "From receiving an envelope to answering it; Slack waits 3 s.",
		quick(), "type", acknowledged())
	m.refusals = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "defenderbot_refusals_total", Help: "What people were refused, by what they wanted and why.",
	}, []string{"what", "reason"})
	m.registry.MustRegister(m.refusals)
	m.faults = m.counter("defenderbot_redis_failures_total",
		"Commands that Redis did not carry out, by its own word for why (OOM, READONLY, NOPERM, ...), or unreachable, no answer, too few replicas.", []string{"fault"}, faults())
	m.jumps = m.plain("defenderbot_redis_clock_jumps_total", "Jumps of Redis's clock; each is counted by one process.")
	m.setBacks = m.plain("defenderbot_redis_set_backs_total", "Times that Redis had lost changes; each is counted by one process.")
	m.gauge("defenderbot_sockets", "Sockets to Slack that are open now; 0 until the bot runs.", m.live.value)
	m.gauge("defenderbot_approvers", "People on the list of approvers who may decide, as last looked up; 0 until the bot runs.", m.able.value)
	m.gauge("defenderbot_audit_seal_age_seconds", "How old the newest seal of the audit trail is: at most an hour while bots run; 0 until the bot runs.", m.sealAge.value)
	m.gauge("defenderbot_frozen", "1 while a freeze keeps all calls from being sent.", m.frozen.value)
	m.gauge("defenderbot_entra_token_usable", "1 while a token for Defender is in hand; 0 until the bot runs.", m.usable.value)
	m.gauge("defenderbot_entra_token_age_seconds", "How old the token for Defender is; 0 while there is none.", m.tokenAge.value)
	m.built(version)
	return m
}

// built tells which version runs, and what built it.
func (m *metrics) built(version string) {
	goVersion := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
	}
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_build_info", Help: "Always 1, with the running version and the Go version that built it.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": goVersion},
	}, func() float64 { return 1 }))
}

func (m *metrics) answered(kind string, took time.Duration) {
	m.acks.WithLabelValues(oneOf(kind, acknowledged())).Observe(took.Seconds())
}

func (m *metrics) socketEvent(event string) {
	m.sockets.WithLabelValues(oneOf(event, socketEvents())).Inc()
}

func (m *metrics) refused(what string, why approvals.Reason) {
	m.refusals.WithLabelValues(what, string(why)).Inc()
}
