package approvals_test

import (
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestDescribeTyped: what a person wrote is in the audit trail, and in no part of a
// line that goes into a log.
func TestDescribeTyped(t *testing.T) {
	asked := approvalstest.Sample(approvals.Pending, "")
	asked.Comment = "they said PRIVATE things"
	for _, tt := range []struct {
		event approvals.Event
		whole string
	}{
		{approvals.Ask{Request: asked}, "collect in C1: they said PRIVATE things"},
		{approvals.Deny{By: approvalstest.Leader, Digest: asked.Digest(), Text: "PRIVATE"}, "PRIVATE"},
	} {
		line, kept := approvals.Describe(asked, asked, tt.event)
		if !kept || line.Whole() != tt.whole || !strings.Contains(line.Typed, "PRIVATE") || strings.Contains(line.Detail, "PRIVATE") {
			t.Errorf("%s: kept %v, %+v; want %q in the trail", approvals.EventName(tt.event), kept, line, tt.whole)
		}
	}
}

// TestDescribeCall: what happened to a call names it and its device.
func TestDescribeCall(t *testing.T) {
	before := approvalstest.Sample(approvals.Approved, approvals.Queued)
	after, err := approvals.Next(before, approvals.On{Event: approvals.Send{NotAfter: approvalstest.Start}}, approvalstest.Start)
	if err != nil {
		t.Fatal(err)
	}
	line, _ := approvals.Describe(before, after, approvals.On{Event: approvals.Send{}})
	if line.Call == nil || *line.Call != 0 || line.Device != approvalstest.HexID || line.To != string(approvals.Sending) {
		t.Errorf("%+v", line)
	}
	if line, _ := approvals.Describe(before, after, approvals.Cancel{}); line.Call != nil || line.Device != "" {
		t.Errorf("what is about no call: %+v", line)
	}
}
