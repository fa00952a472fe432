package office

import (
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestDeskReport: approvers alone get one, of what they decide on; aloud, of what was made in
// the channel.
func TestDeskReport(t *testing.T) {
	l := newLibrary(t, nil)
	l.cancelled("U1", "collect", "C1", approvalstest.DeviceNo(0))
	l.now = l.now.Add(8 * 24 * time.Hour)
	since := l.now
	l.cancelled("U1", "collect", "C1", approvalstest.DeviceNo(1))
	l.cancelled("U1", "isolate", "C2", approvalstest.DeviceNo(2))
	waits := l.asked("U9", "isolate", "C2", approvalstest.DeviceNo(3))
	l.now = l.now.Add(time.Minute)
	collect, isolate := approvals.SummaryCount{Action: "collect", How: "cancelled", N: 1}, approvals.SummaryCount{Action: "isolate", How: "cancelled", N: 1}
	for _, tt := range []struct {
		name    string
		by      By
		want    approvals.Reason
		counts  []approvals.SummaryCount
		waiting string
	}{
		{"an approver", in("U2", "C9"), "", []approvals.SummaryCount{collect, isolate}, waits.ID},
		{"an approver of one action", in("U3", "C9"), "", []approvals.SummaryCount{collect}, ""},
		{"an approver, aloud", aloud(in("U2", "C1")), "", []approvals.SummaryCount{collect}, ""},
		{"a requester", in("U1", "C1"), approvals.OnlyApprovers, nil, ""},
		{"a guest", in("U8", "C1"), approvals.NotAMember, nil, ""},
	} {
		got, err := l.Report(t.Context(), tt.by, since)
		waiting := ""
		if len(got.Longest) > 0 {
			waiting = got.Longest[0].Request
		}
		if (tt.want == "") != (err == nil) || err != nil && !approvals.IsRefusal(err, tt.want) || !slices.Equal(got.Counts, tt.counts) || waiting != tt.waiting || got.Beyond != 0 {
			t.Errorf("%s: %+v, %v; want %v, %s waiting, %q", tt.name, got, err, tt.counts, tt.waiting, tt.want)
		}
	}
	l.withoutGroups()
	if _, err := l.Report(t.Context(), in("U9", "C1"), since); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("somebody who may be an approver: %v, want not known", err)
	}
}

// TestDeskLimits: the windows of what is switched on, each with its actions, and those of reads.
func TestDeskLimits(t *testing.T) {
	l := newLibrary(t, nil)
	r := l.asked("U1", "collect", "C1", approvalstest.DeviceNo(1))
	apply(t, l.store, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	got, err := l.Limits(t.Context(), in("U9", "C1"))
	if err != nil {
		t.Fatal(err)
	}
	actions := map[string][]string{}
	for _, w := range got {
		actions[w.Endpoint] = w.Actions
		if waits := w.Endpoint == "collectInvestigationPackage"; (w.Waiting == 1) != waits || len(w.Limits) == 0 || w.Limits[0].Used != 0 || !w.Limits[0].Next.IsZero() || !w.Held.IsZero() {
			t.Errorf("%+v", w)
		}
	}
	for endpoint, want := range map[string][]string{"collectInvestigationPackage": {"collect"}, "isolate": {"isolate"}, "machines": nil, "machineactions": nil, "cancel": nil} {
		if have, there := actions[endpoint]; !there || !slices.Equal(have, want) {
			t.Errorf("%s: %q (there: %v), want %q", endpoint, have, there, want)
		}
	}
	if _, there := actions["runAntiVirusScan"]; there {
		t.Errorf("what is switched off is there: %v", actions)
	}
	if _, err := l.Limits(t.Context(), in("U8", "C1")); !approvals.IsRefusal(err, approvals.NotAMember) {
		t.Errorf("a guest: %v", err)
	}
}
