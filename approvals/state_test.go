package approvals_test

import (
	"testing"

	"defenderbot/approvals"
)

// TestOutcome sums calls up.
func TestOutcome(t *testing.T) {
	const ok, failed, stopped, lapsed, unknown = approvals.Succeeded, approvals.Failed, approvals.CallCancelled, approvals.Lapsed, approvals.Unknown
	for _, tt := range []struct {
		a, b approvals.CallState
		want approvals.Outcome
	}{
		{ok, ok, approvals.AllSucceeded},
		{ok, failed, approvals.Partly},
		{ok, unknown, approvals.Partly},
		{failed, unknown, approvals.OutcomeUnsure},
		{lapsed, lapsed, approvals.AllLapsed},
		{stopped, stopped, approvals.AllCancelled},
		{stopped, lapsed, approvals.AllCancelled},
		{failed, lapsed, approvals.AllFailed},
		{failed, stopped, approvals.AllFailed},
	} {
		r := approvals.Request{Calls: []approvals.Call{{State: tt.a}, {State: tt.b}}}
		if got := r.Outcome(); got != tt.want {
			t.Errorf("%s and %s: %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}
