package office

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestUnfound: what carries the call's own comment did start, whatever its scope is, so
// nobody is told that nothing did.
func TestUnfound(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Uncertain)
	own := defender.Job{ID: "j1", Type: "Isolate", Scope: "Selective", Requestor: "ann", Comment: r.DefenderComment()}
	other := defender.Job{ID: "j2", Type: "Isolate", Scope: "Full", Requestor: "ann", Comment: "false alarm"}
	for name, tt := range map[string]struct {
		jobs []defender.Job
		want approvals.CallEvent
	}{
		"nothing":        {nil, approvals.Miss{}},
		"somebody's":     {[]defender.Job{other}, approvals.Miss{}},
		"of its comment": {[]defender.Job{other, own}, approvals.GiveUp{Why: approvals.Why{Reason: approvals.AnswerLost, Detail: "Isolate, Selective, started by ann"}}},
	} {
		if diff := cmp.Diff(tt.want, unfound(r, tt.jobs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
