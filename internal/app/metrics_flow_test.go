package app

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// counted is what counters and histograms have counted, without zeros.
func counted(t *testing.T, m *metrics) map[string]float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, s := range f.GetMetric() {
			value := s.GetCounter().GetValue() + float64(s.GetHistogram().GetSampleCount())
			name, ours := strings.CutPrefix(f.GetName(), "defenderbot_")
			parts := []string{name}
			for _, l := range s.GetLabel() {
				parts = append(parts, l.GetValue())
			}
			if ours && value > 0 {
				all[strings.Join(parts, " ")] = value
			}
		}
	}
	return all
}

// TestFlow: what each change of a record counts as.
func TestFlow(t *testing.T) {
	opened := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	yes := []approvals.Approval{{By: approvals.Person{ID: "U1"}, At: opened.Add(time.Minute)}}
	request := func(s approvals.State, by []approvals.Approval, calls ...approvals.Call) approvals.Request {
		return approvals.Request{ID: "D-1", Action: "collect", State: s, Opened: opened, Approvals: by, Calls: calls, EndedAt: opened.Add(time.Hour)}
	}
	call := func(s approvals.CallState, attempt int) approvals.Call {
		return approvals.Call{State: s, Attempt: attempt}
	}
	forced := func(r approvals.Request) approvals.Request { r.Forced = true; return r }
	of := func(action string, r approvals.Request) approvals.Request { r.Action = action; return r }
	for _, tt := range []struct {
		name          string
		before, after approvals.Request
		want          map[string]float64
	}{
		{"asked", approvals.Request{}, request(approvals.Checking, nil), map[string]float64{"requests_asked_total collect": 1}},
		{"pending", request(approvals.Checking, nil), request(approvals.Pending, nil), map[string]float64{}},
		{"rejected", request(approvals.Checking, nil), request(approvals.Rejected, nil), map[string]float64{"requests_total collect rejected": 1}},
		{"one of two", request(approvals.Pending, nil), request(approvals.Pending, yes), map[string]float64{}},
		{
			"approved", request(approvals.Pending, nil), request(approvals.Approved, yes, call(approvals.Queued, 0), call(approvals.Queued, 0)),
			map[string]float64{"decisions_total collect approved": 1, "decision_seconds approved": 1},
		},
		{
			"forced", forced(request(approvals.Checking, nil)), forced(request(approvals.Approved, nil, call(approvals.Queued, 0))),
			map[string]float64{"decisions_total collect forced": 1},
		},
		{
			"denied", request(approvals.Pending, nil), request(approvals.Denied, nil),
			map[string]float64{"decisions_total collect denied": 1, "decision_seconds denied": 1, "requests_total collect denied": 1},
		},
		{
			"expired", request(approvals.Pending, nil), request(approvals.Expired, nil),
			map[string]float64{"decisions_total collect expired": 1, "decision_seconds expired": 1, "requests_total collect expired": 1},
		},
		{"cancelled", request(approvals.Pending, nil), request(approvals.Cancelled, nil), map[string]float64{"requests_total collect cancelled": 1}},
		{
			"sent", request(approvals.Approved, yes, call(approvals.Queued, 0)), request(approvals.Approved, yes, call(approvals.Sending, 1)),
			map[string]float64{"attempts_total collect": 1},
		},
		{
			"uncertain", request(approvals.Approved, yes, call(approvals.Sending, 1)), request(approvals.Approved, yes, call(approvals.Uncertain, 1)),
			map[string]float64{"calls_uncertain_total collect": 1},
		},
		{
			"still uncertain", request(approvals.Approved, yes, call(approvals.Uncertain, 1)), request(approvals.Approved, yes, call(approvals.Uncertain, 1)),
			map[string]float64{},
		},
		{
			"one of two has ended", request(approvals.Approved, yes, call(approvals.Running, 1), call(approvals.Running, 1)),
			request(approvals.Approved, yes, call(approvals.Succeeded, 1), call(approvals.Running, 1)),
			map[string]float64{"calls_total collect succeeded": 1},
		},
		{
			"all that waited is cancelled", request(approvals.Approved, yes, call(approvals.Succeeded, 1), call(approvals.Queued, 0), call(approvals.Queued, 0)),
			request(approvals.Done, yes, call(approvals.Succeeded, 1), call(approvals.CallCancelled, 0), call(approvals.CallCancelled, 0)),
			map[string]float64{"calls_total collect cancelled": 2, "requests_total collect partly": 1},
		},
		{"shown, after its end", request(approvals.Denied, nil), request(approvals.Denied, nil), map[string]float64{}},
		{"forgotten", request(approvals.Denied, nil), approvals.Request{}, map[string]float64{}},
		{
			"of another version",
			approvals.Request{},
			of("levitate", request(approvals.Checking, nil)),
			map[string]float64{"requests_asked_total other": 1},
		},
		{
			"a freeze is lifted", of(approvals.Unfreeze, request(approvals.Pending, nil)), of(approvals.Unfreeze, request(approvals.Done, yes)),
			map[string]float64{"decisions_total unfreeze approved": 1, "decision_seconds approved": 1, "requests_total unfreeze succeeded": 1},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMetrics(defender.Actions(), "v0")
			m.flow.changed(tt.before, tt.after)
			if diff := cmp.Diff(tt.want, counted(t, m)); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStatus: each status is one of few.
func TestStatus(t *testing.T) {
	for code, want := range map[int]string{
		0: "none", 200: "2xx", 201: "2xx", 302: "3xx", 400: "400", 401: "401", 403: "403", 404: "404", 410: "4xx", 429: "429", 500: "5xx", 599: "5xx",
		101: "none", 999: "none",
	} {
		if got := statusOf(code); got != want {
			t.Errorf("%d is %s, want %s", code, got, want)
		}
	}
}

// TestStrangeLabels: what nobody has heard of makes no series of its own.
func TestStrangeLabels(t *testing.T) {
	m := newMetrics(defender.Actions(), "v0")
	m.answered("hello_world", time.Millisecond)
	m.socketEvent("full_moon")
	m.traffic.slackCalled("chat.sing", "too_loud")
	m.traffic.defenderAsked("levitate", 200, time.Second)
	want := map[string]float64{
		"acknowledgement_seconds other": 1, "socket_events_total other": 1, "slack_calls_total other other": 1,
		"defender_requests_total other 2xx": 1, "defender_request_seconds other": 1,
	}
	if diff := cmp.Diff(want, counted(t, m)); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}
