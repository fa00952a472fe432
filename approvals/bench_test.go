package approvals_test

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// BenchmarkNext decides on what somebody asks for, and approves.
func BenchmarkNext(b *testing.B) {
	ask := approvals.Ask{Request: approvalstest.Asked(approvalstest.DeviceNo(1))}
	ask.Request.ID = "D-7K3F9Q"
	pending := approvalstest.Sample(approvals.Pending, "")
	for _, bb := range []struct {
		name string
		r    approvals.Request
		e    approvals.Event
	}{
		{"ask", approvals.Request{ID: ask.Request.ID, Action: ask.Request.Action}, ask},
		{"approve", pending, approvals.Approve{By: approvalstest.Leader, Digest: pending.Digest()}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := approvals.Next(bb.r, bb.e, approvalstest.Start.Add(time.Minute)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
