package approvals_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestClaimsAsked: what was put to approvers has an entry for each device, from then on and
// in every state that comes after, and what was not has none.
func TestClaimsAsked(t *testing.T) {
	for _, state := range approvals.States() {
		for opened, want := range map[time.Time]int{{}: 0, approvalstest.Start.Add(time.Second): 2} {
			r := approvalstest.Sample(state, approvals.Succeeded)
			r.Opened, r.Devices = opened, []approvals.Device{approvalstest.DeviceNo(1), approvalstest.DeviceNo(2)}
			got := slices.DeleteFunc(approvals.Claims(r), func(c approvals.Claim) bool { return !strings.HasPrefix(c.Prefix, "asked/") })
			if len(got) != want || slices.ContainsFunc(got, func(c approvals.Claim) bool { return c.Alone }) {
				t.Errorf("%s, opened at %s: %v, want %d that are nobody's alone", state, opened, got, want)
			}
		}
	}
	if got := approvals.Claims(approvals.Request{ID: "D-7K3F9Q"}); got != nil {
		t.Errorf("what is forgotten holds %v", got)
	}
}

// TestAskedAt: entries are in the order of their times.
func TestAskedAt(t *testing.T) {
	at := time.Unix(9, 0)
	for _, later := range []time.Duration{time.Millisecond, time.Hour, 50 * 365 * 24 * time.Hour} {
		if a, b := approvals.EntryTime(at), approvals.EntryTime(at.Add(later)); a >= b {
			t.Errorf("%s is not before %s, which is %s later", a, b, later)
		}
	}
}

// TestAskedBefore: how a request stood is told by its call on the device, where it has one.
func TestAskedBefore(t *testing.T) {
	r := approvalstest.Sample(approvals.Done, approvals.Failed)
	r.Devices = append(r.Devices, approvalstest.DeviceNo(2))
	r.Calls = append(r.Calls, approvalstest.SampleCall(approvals.Succeeded))
	want := approvals.Caution{
		Kind: approvals.CautionAsked, Request: r.ID, By: approvalstest.Asker, At: r.Asked, State: approvals.Done, Call: approvals.Succeeded,
		Channel: "C1", TS: "1.2",
	}
	if diff := cmp.Diff(want, approvals.AskedBefore(r, approvalstest.DeviceNo(2).ID)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Calls, want.State, want.Call = nil, approvals.Denied, ""
	r.State = approvals.Denied
	if diff := cmp.Diff(want, approvals.AskedBefore(r, approvalstest.DeviceNo(2).ID)); diff != "" {
		t.Errorf("without calls (-want +got):\n%s", diff)
	}
}

// TestRequestStarted: a job is started by the call that stands for it, unless it was found.
func TestRequestStarted(t *testing.T) {
	for _, tt := range []struct {
		job  approvals.Job
		ids  []string
		want bool
	}{
		{approvals.Job{ID: "1"}, []string{"1", ""}, true},
		{approvals.Job{ID: "1", Alert: "a"}, []string{"2", "a"}, true},
		{approvals.Job{ID: "a"}, []string{"1", "a"}, true},
		{approvals.Job{ID: "1", Adopted: true}, []string{"1", ""}, false},
		{approvals.Job{ID: "1"}, []string{"2", ""}, false},
		{approvals.Job{}, []string{"", ""}, false},
	} {
		r := approvals.Request{Calls: []approvals.Call{{Job: tt.job}}}
		if got := r.Started(tt.ids...); got != tt.want {
			t.Errorf("%+v started %q: %v", tt.job, tt.ids, got)
		}
	}
}
