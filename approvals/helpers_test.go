package approvals_test

import (
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// after is when the sample's events happen: past every deadline but that of a
// decision, so that events of the clock fit too.
func after(e approvals.Event) time.Time {
	if _, ok := e.(approvals.Expire); ok {
		return approvalstest.Start.Add(time.Hour)
	}
	return approvalstest.Start.Add(2 * time.Minute)
}
