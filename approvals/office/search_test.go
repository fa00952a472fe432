package office

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// TestVerdict has everything that a look for an uncertain call can find.
func TestVerdict(t *testing.T) {
	job := defender.Job{ID: "j1", Phase: defender.PhaseOpen, Requestor: "somebody"}
	for _, tt := range []struct {
		name  string
		found []defender.Job
		track defender.Tracking
		whole bool
		late  bool
		want  approvals.CallEvent
	}{
		{"nothing yet", nil, defender.TrackMachineActions, true, false, nil},
		{"nothing for long enough", nil, defender.TrackMachineActions, true, true, approvals.Miss{}},
		{"nothing for long enough on a part of the list", nil, defender.TrackMachineActions, false, true, nil},
		{"one investigation on a part of the list", []defender.Job{job}, defender.TrackInvestigations, false, true, nil},
		{
			"a machine action with our comment",
			[]defender.Job{job},
			defender.TrackMachineActions, false, true,
			approvals.Adopt{Job: approvals.Job{ID: "j1"}, As: approvals.Running},
		},
		{
			"one investigation",
			[]defender.Job{job},
			defender.TrackInvestigations, true, false,
			approvals.Adopt{Job: approvals.Job{ID: "j1", Adopted: true, By: "somebody"}, As: approvals.Running},
		},
		{
			"several",
			[]defender.Job{job, job},
			defender.TrackInvestigations, true, true,
			approvals.GiveUp{Why: approvals.Why{Reason: approvals.SeveralFound}},
		},
	} {
		if diff := cmp.Diff(tt.want, verdict(tt.found, tt.track, tt.whole, tt.late)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
