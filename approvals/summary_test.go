package approvals_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// told is a request for a report: who asked, how it stands, who said yes how long after its card.
func told(id string, by approvals.Person, s approvals.State, cs approvals.CallState, yes ...approvals.Approval) approvals.Request {
	r := approvalstest.Sample(s, cs)
	r.ID, r.By, r.Opened = id, by, approvalstest.Start
	if s == approvals.Approved || s == approvals.Done {
		r.Approvals = yes
	}
	if s.Ended() {
		r.EndedAt = approvalstest.Start.Add(time.Hour)
	}
	return r
}

func yes(p approvals.Person, after time.Duration) approvals.Approval {
	return approvals.Approval{By: p, At: approvalstest.Start.Add(after)}
}

// denied is a no some time after the card.
func denied(id string, by approvals.Person, after time.Duration) approvals.Request {
	r := told(id, by, approvals.Denied, "")
	r.EndedAt, r.Ended = approvalstest.Start.Add(after), approvals.End{By: approvalstest.Leader}
	return r
}

// TestSummarise has each kind of request in a report, and what is left out of it.
func TestSummarise(t *testing.T) {
	ada, grace, joan := approvalstest.Asker, approvalstest.Leader, approvalstest.Second
	since, until := approvalstest.Start, approvalstest.Start.Add(24*time.Hour)
	const done, approved = approvals.Done, approvals.Approved
	wait := func(id string, asked, decided approvals.Person, took time.Duration) approvals.SummaryWait {
		return approvals.SummaryWait{Request: id, Action: "collect", Asked: asked, Decided: decided, Took: took}
	}
	count := func(how string, n int) approvals.SummaryCount {
		return approvals.SummaryCount{Action: "collect", How: how, N: n}
	}
	nobody := approvals.Person{}
	ofAnother := told("D-2", ada, done, approvals.Failed, yes(grace, 2*time.Minute))
	ofAnother.Action = "scan"
	early, late, unseen := told("D-3", ada, done, approvals.Succeeded), told("D-4", ada, approvals.Pending, ""), told("D-5", ada, approvals.Rejected, "")
	early.EndedAt, late.Asked, unseen.Opened = since.Add(-time.Millisecond), until.Add(time.Millisecond), time.Time{}
	given := told("D-6", ada, done, approvals.Succeeded, yes(grace, -time.Second)) // with the request, by who tried again
	two := told("D-7", ada, approved, approvals.Running, yes(joan, 4*time.Second), yes(grace, time.Minute))
	partly := told("D-8", ada, done, approvals.Succeeded, yes(joan, 5*time.Second))
	partly.Devices, partly.Calls = append(partly.Devices, approvalstest.DeviceNo(2)), append(partly.Calls, approvalstest.SampleCall(approvals.Failed))
	many := func(n int, as func(i int) approvals.Request) (all []approvals.Request) {
		for i := range n {
			all = append(all, as(i))
		}
		return all
	}
	id := func(i int) string { return "D-" + string(rune('A'+i)) }
	byGrace := func(i int) approvals.Request {
		return told(id(i), ada, done, approvals.Succeeded, yes(grace, time.Minute))
	}
	pair := []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 3}}
	for _, tt := range []struct {
		name     string
		requests []approvals.Request
		want     approvals.Summary
	}{
		{"nothing", nil, approvals.Summary{}},
		{"one that succeeded", []approvals.Request{told("D-1", ada, done, approvals.Succeeded, yes(grace, time.Minute))}, approvals.Summary{
			Counts: []approvals.SummaryCount{count("succeeded", 1)}, Decided: 1, Median: time.Minute, Longest: []approvals.SummaryWait{wait("D-1", ada, grace, time.Minute)},
		}},
		{"by action and outcome, most first", []approvals.Request{
			ofAnother, unseen, partly, told("D-1", ada, approvals.Cancelled, ""), told("D-9", ada, approvals.Cancelled, ""),
		}, approvals.Summary{
			Counts:  []approvals.SummaryCount{count("cancelled", 2), count("partly", 1), count("rejected", 1), {Action: "scan", How: "failed", N: 1}},
			Decided: 2, Median: (2*time.Minute + 5*time.Second) / 2, Longest: []approvals.SummaryWait{
				{Request: "D-2", Action: "scan", Asked: ada, Decided: grace, Took: 2 * time.Minute}, wait("D-8", ada, joan, 5*time.Second),
			},
		}},
		{"of another time", []approvals.Request{early, late}, approvals.Summary{}},
		{"what waits, and waited in vain", []approvals.Request{told("D-1", ada, approvals.Pending, ""), told("D-2", joan, approvals.Expired, ""), told("D-3", ada, approvals.Checking, "")}, approvals.Summary{
			Counts: []approvals.SummaryCount{count("expired", 1)}, Longest: []approvals.SummaryWait{wait("D-1", ada, nobody, 24*time.Hour), wait("D-2", joan, nobody, time.Hour)},
		}},
		{"the median of three, the longest five, those under five seconds", []approvals.Request{
			denied("D-1", ada, time.Second), two, denied("D-2", joan, 4999*time.Millisecond),
		}, approvals.Summary{
			Counts: []approvals.SummaryCount{count("denied", 2)}, Decided: 3, Median: 4999 * time.Millisecond,
			Longest: []approvals.SummaryWait{wait("D-7", ada, grace, time.Minute), wait("D-2", joan, grace, 4999*time.Millisecond), wait("D-1", ada, grace, time.Second)},
			Hasty:   []approvals.SummaryWait{wait("D-1", ada, grace, time.Second), wait("D-7", ada, joan, 4*time.Second), wait("D-2", joan, grace, 4999*time.Millisecond)},
		}},
		{"an approval that came with the request", []approvals.Request{given}, approvals.Summary{Counts: []approvals.SummaryCount{count("succeeded", 1)}}},
		{"a pair", many(3, byGrace), approvals.Summary{
			Counts: []approvals.SummaryCount{count("succeeded", 3)}, Decided: 3, Median: time.Minute, Pairs: pair,
			Longest: []approvals.SummaryWait{wait("D-C", ada, grace, time.Minute), wait("D-B", ada, grace, time.Minute), wait("D-A", ada, grace, time.Minute)},
		}},
	} {
		tt.want.Since, tt.want.Until = since, until
		if diff := cmp.Diff(tt.want, approvals.Summarise(tt.requests, since, until), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	if got := approvals.Summarise(many(9, byGrace), since, until).Longest; len(got) != 5 {
		t.Errorf("%d that waited long are named, want 5", len(got))
	}
}

// TestSummarisePairs: somebody who once did not approve another's request does not always.
func TestSummarisePairs(t *testing.T) {
	ada, grace, joan := approvalstest.Asker, approvalstest.Leader, approvalstest.Second
	grid := approvals.Person{ID: "U1B", Enterprise: "W1"}
	here := approvals.Person{ID: "U1", Enterprise: "W1"}
	ok := func(id string, by approvals.Person, who ...approvals.Person) approvals.Request {
		r := told(id, by, approvals.Done, approvals.Succeeded)
		for _, p := range who {
			r.Approvals = append(r.Approvals, yes(p, time.Minute))
		}
		return r
	}
	three := []approvals.Request{ok("D-1", ada, grace), ok("D-2", ada, grace), ok("D-3", ada, grace)}
	with := func(more ...approvals.Request) []approvals.Request {
		return append(append([]approvals.Request{}, three...), more...)
	}
	pending := told("D-4", ada, approvals.Pending, "")
	pending.Approvals = []approvals.Approval{yes(joan, time.Minute)}
	for _, tt := range []struct {
		name     string
		requests []approvals.Request
		want     []approvals.SummaryPair
	}{
		{"twice", three[:2], nil},
		{"three times", three, []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 3}}},
		{"and once somebody else", with(ok("D-4", ada, joan)), nil},
		{"and once denied", with(denied("D-4", ada, time.Minute)), nil},
		{"and once by both", with(ok("D-4", ada, joan, grace)), []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 4}}},
		{"and one that is not decided", with(pending), []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 3}}},
		{"and one that expired", with(told("D-4", ada, approvals.Expired, "")), []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 3}}},
		{"and another's", with(ok("D-4", grace, joan)), []approvals.SummaryPair{{Requester: ada, Approver: grace, N: 3}}},
		{"one person in two workspaces", []approvals.Request{ok("D-1", grid, grace), ok("D-2", here, grace), ok("D-3", here, grace)}, []approvals.SummaryPair{{Requester: grid, Approver: grace, N: 3}}},
		{"one person in two workspaces, once another approver", []approvals.Request{ok("D-1", grid, grace), ok("D-2", here, grace), ok("D-3", here, grace), ok("D-4", here, joan)}, nil},
	} {
		if diff := cmp.Diff(tt.want, approvals.Summarise(tt.requests, approvalstest.Start, approvalstest.Start.Add(24*time.Hour)).Pairs, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
