package approvals_test

import (
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// namesakes are devices that have one name.
func namesakes(n int) []approvals.Device {
	list := make([]approvals.Device, n)
	for i := range list {
		list[i] = approvalstest.DeviceNo(i)
		list[i].Name = "srv-1.contoso.example"
	}
	return list
}

// choosing is a request of which two devices have the name.
func choosing() approvals.Request {
	r := approvalstest.Sample(approvals.Checking, "")
	r.Devices = []approvals.Device{{Name: "srv-1"}}
	r.Choice = approvals.Choice{Offered: namesakes(2), At: approvalstest.Start}
	return r
}

// after is when the sample's events happen: past every deadline but that of a
// decision, so that events of the clock fit too.
func after(e approvals.Event) time.Time {
	switch e.(type) {
	case approvals.Expire:
		return approvalstest.Start.Add(time.Hour)
	case approvals.Escalate:
		return approvalstest.Start.Add(21 * time.Minute)
	}
	return approvalstest.Start.Add(2 * time.Minute)
}

// escalating is the sample of a version that calls others in, with a third of the time to
// approve left.
func escalating(s approvals.State, cs approvals.CallState) approvals.Request {
	r := approvalstest.Sample(s, cs)
	r.Terms.EscalateAfter = r.Terms.ApprovalTTL * 2 / 3
	return r
}
