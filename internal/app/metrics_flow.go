package app

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// flow counts what becomes of requests and of their calls. Each change is counted by the
// process that made it, so the sum over all processes is right.
type flow struct {
	actions   []string
	asked     *prometheus.CounterVec
	ended     *prometheus.CounterVec
	decisions *prometheus.CounterVec
	took      *prometheus.HistogramVec
	calls     *prometheus.CounterVec
	attempts  *prometheus.CounterVec
	uncertain *prometheus.CounterVec
}

// The ways in which a request is decided.
const (
	decidedApproved = "approved"
	decidedDenied   = "denied"
	decidedExpired  = "expired"
	decidedForced   = "forced"
)

// outcomes are how requests end: by their calls, or without any.
func outcomes() []string {
	return []string{
		string(approvals.AllSucceeded), string(approvals.Partly), string(approvals.AllFailed), string(approvals.AllLapsed),
		string(approvals.AllCancelled), string(approvals.OutcomeUnsure), string(approvals.Denied), string(approvals.Expired), string(approvals.Rejected),
	}
}

// results are how calls end.
func results() (ends []string) {
	for _, s := range approvals.CallStates() {
		if s.Ended() {
			ends = append(ends, string(s))
		}
	}
	return ends
}

func (m *metrics) newFlow(catalogue defender.Catalogue) flow {
	actions := append(catalogue.Names(), approvals.Unfreeze, others)
	acting := append(catalogue.Names(), others) // a freeze is lifted without a call
	return flow{
		actions: actions,
		asked:   m.counter("defenderbot_requests_asked_total", "Requests that were recorded, by action.", []string{"action"}, actions),
		ended: m.counter("defenderbot_requests_total", "Requests that have ended, by action and outcome: that of all calls together, or how it ended without any.",
			[]string{"action", "outcome"}, actions, outcomes()),
		decisions: m.counter("defenderbot_decisions_total", "How requests were decided, by action: approved, denied, expired (by nobody in time), forced (break-glass).",
			[]string{"action", "decision"}, actions, []string{decidedApproved, decidedDenied, decidedExpired, decidedForced}),
		took: m.histogram("defenderbot_decision_seconds", "From when a request starts to wait for approval to its decision, by decision.",
			[]float64{5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400}, "decision", []string{decidedApproved, decidedDenied, decidedExpired}),
		calls: m.counter("defenderbot_calls_total", "Calls that have ended, by action and result; a request has a call for each device.",
			[]string{"action", "result"}, acting, results()),
		attempts: m.counter("defenderbot_attempts_total", "POSTs to Defender that were started, by action: one for each call, and one more after each that provably had no effect.",
			[]string{"action"}, acting),
		uncertain: m.counter("defenderbot_calls_uncertain_total", "Calls for which it was not known whether Defender had accepted them, by action; each is looked up.",
			[]string{"action"}, acting),
	}
}

// changed counts a change.
func (f flow) changed(before, after approvals.Request) {
	action := oneOf(cmp.Or(after.Action, before.Action), f.actions)
	if before.State == "" && after.State != "" {
		f.asked.WithLabelValues(action).Inc()
	}
	if after.State.Ended() && !before.State.Ended() {
		f.ended.WithLabelValues(action, outcome(after)).Inc()
	}
	f.decided(action, before, after)
	for i, c := range after.Calls {
		was := approvals.Call{}
		if i < len(before.Calls) {
			was = before.Calls[i]
		}
		f.moved(action, was, c)
	}
}

func outcome(r approvals.Request) string {
	if r.State == approvals.Done {
		return string(r.Outcome())
	}
	return string(r.State)
}

// decided counts a decision, and how long it was waited for.
func (f flow) decided(action string, before, after approvals.Request) {
	how := decision(before, after)
	if how == "" {
		return
	}
	f.decisions.WithLabelValues(action, how).Inc()
	switch how {
	case decidedForced:
	case decidedApproved:
		f.took.WithLabelValues(how).Observe(after.ApprovedAt().Sub(after.Opened).Seconds())
	default:
		f.took.WithLabelValues(how).Observe(after.EndedAt.Sub(after.Opened).Seconds())
	}
}

// decision is how a change decided a request; empty: it did not.
func decision(before, after approvals.Request) string {
	switch {
	case before.ApprovedAt().IsZero() && !after.ApprovedAt().IsZero():
		if after.Forced {
			return decidedForced
		}
		return decidedApproved
	case after.State == before.State:
		return ""
	case after.State == approvals.Denied:
		return decidedDenied
	case after.State == approvals.Expired:
		return decidedExpired
	}
	return ""
}

// moved counts what became of a call.
func (f flow) moved(action string, was, is approvals.Call) {
	if is.Attempt > was.Attempt {
		f.attempts.WithLabelValues(action).Add(float64(is.Attempt - was.Attempt))
	}
	if is.State == was.State {
		return
	}
	if is.State == approvals.Uncertain {
		f.uncertain.WithLabelValues(action).Inc()
	}
	if is.State.Ended() {
		f.calls.WithLabelValues(action, string(is.State)).Inc()
	}
}
