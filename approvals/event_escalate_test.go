package approvals_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestEscalate: it comes at two thirds of the time by the terms of the request, once, and
// decides nothing. Who is late for a reminder is not reminded as well.
func TestEscalate(t *testing.T) {
	r := escalating(approvals.Pending, "")
	at := r.Opened.Add(20 * time.Minute)
	if _, err := approvals.Next(r, approvals.Escalate{}, at.Add(-time.Millisecond)); !approvals.IsRefusal(err, approvals.DoesNotFit) {
		t.Errorf("before its time: %v", err)
	}
	if _, err := approvals.Next(r, approvals.Escalate{}, r.Deadline()); !approvals.IsRefusal(err, approvals.DoesNotFit) {
		t.Errorf("at the deadline: %v", err)
	}
	if e, _ := approvals.Ripe(r, at); approvals.EventName(e) != "escalate" {
		t.Errorf("at two thirds the clock brings %s", approvals.EventName(e))
	}
	got, err := approvals.Next(r, approvals.Escalate{}, at)
	if err != nil || got.State != approvals.Pending || got.Escalated != at || got.Visible != r.Visible+1 || !slices.Equal(kinds(got), []approvals.NoticeKind{approvals.NoticeEscalation}) {
		t.Errorf("got %s, escalated %s, %q (%v)", got.State, got.Escalated, kinds(got), err)
	}
	if e, ripe := approvals.Ripe(got, r.Deadline().Add(-time.Second)); ripe {
		t.Errorf("after it the clock brings %s", approvals.EventName(e))
	}
	if got, err := approvals.Next(got, approvals.Expire{}, r.Deadline()); err != nil || got.State != approvals.Expired {
		t.Errorf("at its end it is %s (%v), want expired", got.State, err)
	}
	old := approvalstest.Sample(approvals.Pending, "")
	if _, err := approvals.Next(old, approvals.Escalate{}, at); !approvals.IsRefusal(err, approvals.DoesNotFit) {
		t.Errorf("of terms without it: %v", err)
	}
}

// TestPolicyDeciders: those who are called in decide from then on, beside the approvers, on
// what is theirs.
func TestPolicyDeciders(t *testing.T) {
	approvers, leads := approvals.List{Users: []string{"U2"}, Groups: []string{"S2"}}, approvals.List{Users: []string{"U9"}, Groups: []string{"S9"}}
	p := approvals.Policy{ByAction: map[string]approvals.Rule{"collect": {Approvers: approvers, EscalateTo: leads}, "isolate": {Approvers: approvers}}}
	r := approvalstest.Sample(approvals.Pending, "")
	isolate := r
	isolate.Action = "isolate"
	called := func(r approvals.Request) approvals.Request { r.Escalated = approvalstest.Start; return r }
	both := approvals.List{Users: []string{"U2", "U9"}, Groups: []string{"S2", "S9"}}
	for name, tt := range map[string]struct {
		r    approvals.Request
		want approvals.List
	}{"before": {r, approvers}, "after": {called(r), both}, "another action": {called(isolate), approvers}} {
		if diff := cmp.Diff(tt.want, p.Deciders(tt.r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, want := p.Groups(), []string{"S2", "S9"}; !slices.Equal(got, want) {
		t.Errorf("groups: got %q, want %q", got, want)
	}
}
