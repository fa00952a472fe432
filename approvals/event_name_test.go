package approvals_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestName: a device gets what people read of it, once, by its own id, and what was decided
// on stays what it is.
func TestName(t *testing.T) {
	r := several(approvals.Running, approvals.Running)
	r.Devices[1].Unread = approvals.Why{Reason: approvals.NotReached}
	r.Devices[1].Cautions = []approvals.Caution{{Kind: approvals.CautionUnchecked}}
	late := r.Devices[1]
	late = approvals.Device{ID: late.ID, Name: "kiosk-7", Verified: true, OS: "Windows11", Health: "Active"}
	got, err := approvals.Next(r, approvals.Name{Device: late}, approvalstest.Start)
	want := late
	want.Cautions = r.Devices[1].Cautions
	if diff := cmp.Diff([]approvals.Device{r.Devices[0], want}, got.Devices); err != nil || diff != "" || got.Digest() != r.Digest() || got.Visible != r.Visible+1 {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if r.Devices[1].Name != "" {
		t.Error("the request before it has changed too")
	}
	other := late
	other.ID = approvalstest.DeviceNo(9).ID
	unverified := late
	unverified.Verified = false
	for name, tt := range map[string]struct {
		r approvals.Request
		d approvals.Device
	}{"again": {got, late}, "another device": {r, other}, "not verified": {r, unverified}, "no device": {r, approvals.Device{Verified: true}}} {
		if _, err := approvals.Next(tt.r, approvals.Name{Device: tt.d}, approvalstest.Start); !approvals.IsRefusal(err, approvals.DoesNotFit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
