package app

import (
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"defenderbot/approvals"
)

// metrics are what /metrics counts.
type metrics struct {
	registry *prometheus.Registry
	changes  *prometheus.CounterVec
	sockets  *prometheus.CounterVec
	acks     *prometheus.HistogramVec
	refusals *prometheus.CounterVec
	faults   *prometheus.CounterVec
	jumps    prometheus.Counter
	setBacks prometheus.Counter
	live     gauge // sockets
	able     gauge // approvers
	sealed   atomic.Pointer[func() float64]
	frozen   gauge // calls
}

// gauge is a number that is asked for when somebody looks: 0 until the bot runs.
type gauge struct{ atomic.Pointer[func() int] }

func (g *gauge) value() float64 {
	if now := g.Load(); now != nil {
		return float64((*now)())
	}
	return 0
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func newMetrics() *metrics {
	m := &metrics{
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
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "defenderbot_refusals_total", Help: "What people were refused, by what they wanted and why.",
		}, []string{"what", "reason"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "defenderbot_redis_failures_total", Help: "What Redis did not do, by its own word for why (OOM, READONLY, NOPERM, ...), or unreachable, no answer, too few replicas.",
		}, []string{"fault"}),
		jumps: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "defenderbot_redis_clock_jumps_total", Help: "Jumps of Redis's clock; each is counted by one process.",
		}),
		setBacks: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "defenderbot_redis_set_backs_total", Help: "Times that Redis had lost changes; each is counted by one process.",
		}),
	}
	m.registry.MustRegister(m.changes, m.sockets, m.acks, m.refusals, m.faults, m.jumps, m.setBacks, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_sockets", Help: "Sockets to Slack that are open now; 0 until the bot runs.",
	}, m.live.value), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_approvers", Help: "People on the list of approvers who may decide, as last looked up; 0 until the bot runs.",
	}, m.able.value), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_audit_seal_age_seconds", Help: "How old the newest seal of the audit trail is: an hour at most where bots run; 0 until the bot runs.",
	}, m.sealAge), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "defenderbot_frozen", Help: "1 while an approver's order keeps all calls from being sent.",
	}, m.frozen.value))
	return m
}

func (m *metrics) sealAge() float64 {
	if age := m.sealed.Load(); age != nil {
		return (*age)()
	}
	return 0
}

func (m *metrics) answered(kind string, took time.Duration) {
	if kind != "slash_commands" && kind != "interactive" {
		kind = "other"
	}
	m.acks.WithLabelValues(kind).Observe(took.Seconds())
}

func (m *metrics) socketEvent(event string) { m.sockets.WithLabelValues(event).Inc() }

func (m *metrics) refused(what string, why approvals.Reason) {
	m.refusals.WithLabelValues(what, string(why)).Inc()
}

// observe logs and counts a change that is in Redis.
func (a *App) observe(before, after approvals.Request, e approvals.Event) {
	line, _ := approvals.Describe(before, after, e)
	a.watch.changes.WithLabelValues(after.Action, line.Event, line.To).Inc()
	a.options.Log.Info("request changed", change(after, line)...)
}

// change is what the log says of one: of what a person wrote no more than how
// long it is.
func change(r approvals.Request, line approvals.Line) []any {
	says := []any{"request", r.ID, "action", r.Action, "event", line.Event, "from", line.From, "to", line.To, "by", line.By.ID, "detail", line.Detail}
	if line.Call != nil {
		says = append(says, "call", *line.Call, "device", line.Device)
	}
	if line.Typed != "" {
		says = append(says, "characters_typed", utf8.RuneCountInString(line.Typed))
	}
	return says
}

// redisLost logs and counts that Redis was set back.
func (a *App) redisLost() {
	a.watch.setBacks.Inc()
	a.options.Log.Error("redis lost changes", "cause", "an audit entry that was there is gone, so Redis was set back to a time before it",
		"calls", "what waits to be sent is looked up in Defender and not sent")
}

// jumped logs and counts a jump of Redis's clock.
func (a *App) jumped(by time.Duration) {
	a.watch.jumps.Inc()
	a.options.Log.Warn("redis clock jumped", "by", by.String(), "windows", "calls of before count as made now, since Microsoft's clock did not jump")
}
