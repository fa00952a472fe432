package approvals_test

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestReach: what goes beyond the reach of its requester takes one approver more, once,
// whenever that is found out.
func TestReach(t *testing.T) {
	soon := approvalstest.Start.Add(time.Minute)
	devices := []approvals.Device{{ID: approvalstest.HexID}}
	checked := approvalstest.Sample(approvals.Checking, "")
	open, err := approvals.Next(checked, approvals.Resolve{Devices: devices, Beyond: true}, approvalstest.Start)
	if err != nil || !open.Beyond || open.Terms.Needed != 2 || open.Validate(open.ID) != nil {
		t.Fatalf("known before anybody decides: %v, %+v, %v", err, open.Terms, open.Validate(open.ID))
	}
	again := checked
	again.Approvals = []approvals.Approval{{By: approvalstest.Leader, At: approvalstest.Start}}
	if got, err := approvals.Next(again, approvals.Resolve{Devices: devices, Beyond: true}, approvalstest.Start); err != nil || got.State != approvals.Pending {
		t.Errorf("a retry that came with its approval: %s, %v, want pending", got.State, err)
	}
	for name, r := range map[string]approvals.Request{"before": open, "when it is approved": approvalstest.Sample(approvals.Pending, "")} {
		one, err := approvals.Next(r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest(), Beyond: true}, soon)
		if err != nil || one.State != approvals.Pending || len(one.Approvals) != 1 || one.Terms.Needed != 2 || !one.Beyond {
			t.Fatalf("found out %s: %v, %s with %d of %d", name, err, one.State, len(one.Approvals), one.Terms.Needed)
		}
		two, err := approvals.Next(one, approvals.Approve{By: approvalstest.Second, Digest: r.Digest(), Beyond: true}, soon)
		if err != nil || two.State != approvals.Approved || two.Terms.Needed != 2 {
			t.Errorf("found out %s, with one more: %v, %s with %d of %d", name, err, two.State, len(two.Approvals), two.Terms.Needed)
		}
	}
	open.Terms.Needed = 1
	if open.Validate(open.ID) == nil {
		t.Errorf("beyond reach with one approver is taken for a whole record")
	}
}
