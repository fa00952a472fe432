package app

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// backlog shows what waits in Redis, for all processes together: each of them shows the
// same. Whoever scrapes can do so as often as they like; Redis is asked once in
// backlogEvery at most. While it does not answer, and until the bot runs, there is nothing
// to show.
type backlog struct {
	survey atomic.Pointer[probe[survey]]

	used, free, held, length, age, lag, due, behind *prometheus.Desc
}

const backlogEvery = 5 * time.Second

// survey is what Redis says.
type survey struct {
	at      time.Time // by Redis's clock
	windows []ledger.Window
	work    ledger.Backlog
}

func newBacklog() *backlog {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help+" The same from every process.", labels, nil)
	}
	return &backlog{
		used:   desc("defenderbot_window_used", "Calls that count against one of Microsoft's limits now, by endpoint and the limit's period.", "endpoint", "per"),
		free:   desc("defenderbot_window_free", "Calls that one of Microsoft's limits still allows now, by endpoint and the limit's period.", "endpoint", "per"),
		held:   desc("defenderbot_window_held_seconds", "For how much longer no call may be sent to an endpoint, because Microsoft said so (HTTP 429); 0: calls may be sent.", "endpoint"),
		length: desc("defenderbot_queue_length", "Approved calls that wait for their turn, by endpoint.", "endpoint"),
		age:    desc("defenderbot_queue_head_age_seconds", "How long ago the first call in the queue was approved; 0: the queue is empty.", "endpoint"),
		lag:    desc("defenderbot_agenda_lag_seconds", "How long the oldest work that is due has waited for a process to take it."),
		due:    desc("defenderbot_agenda_due", "Pieces of work that are due and not yet taken by a process; counted up to a thousand."),
		behind: desc("defenderbot_cards_behind", "Cards that do not show how their request stands; among the first thousand pieces of work."),
	}
}

// asks has the survey taken of the windows of these actions.
func (b *backlog) asks(store *ledger.Store, actions []string, clock func() time.Time) {
	b.survey.Store(&probe[survey]{clock: clock, every: backlogEvery, ask: func(ctx context.Context) (s survey, err error) {
		if s.windows, err = store.Windows(ctx, actions); err == nil {
			s.work, err = store.Backlog(ctx)
		}
		s.at = store.Now()
		return s, err
	}})
}

// Describe implements [prometheus.Collector].
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.used, b.free, b.held, b.length, b.age, b.lag, b.due, b.behind} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	probe := b.survey.Load()
	if probe == nil {
		return
	}
	s, err := probe.get(context.Background())
	if err != nil {
		return
	}
	show := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, w := range s.windows {
		b.window(w, s.at, show)
	}
	show(b.lag, s.work.Lag.Seconds())
	show(b.due, float64(s.work.Due))
	show(b.behind, float64(s.work.Behind))
}

// window shows how the windows of one endpoint stand.
func (b *backlog) window(w ledger.Window, at time.Time, show func(d *prometheus.Desc, value float64, labels ...string)) {
	name := w.Endpoint.Name
	for i, l := range w.Endpoint.Limits {
		show(b.used, float64(w.Used[i]), name, per(l))
		show(b.free, float64(max(l.Calls-w.Used[i], 0)), name, per(l))
	}
	show(b.held, between(at, w.Held), name)
	if len(w.Actions) > 0 { // nobody stands in line to read
		show(b.length, float64(w.Waiting), name)
		show(b.age, between(w.Oldest, at), name)
	}
}

// per is the length of a window, as a label.
func per(l defender.Limit) string {
	if name, usual := map[time.Duration]string{time.Minute: "minute", time.Hour: "hour"}[l.Per]; usual {
		return name
	}
	return fmt.Sprintf("%gs", l.Per.Seconds())
}

// between is how long it is from one time to a later one, in seconds; 0 if one is missing.
func between(from, to time.Time) float64 {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return max(to.Sub(from).Seconds(), 0)
}
