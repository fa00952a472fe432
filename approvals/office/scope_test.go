package office

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestScopes has a job with each scope on the device of a call that asks for full
// isolation: as the answer to the POST, while the device is busy, and when the call is
// looked for. Nothing of another scope, or of one that is not shown, is ever taken for
// what was asked for, unless it is our own.
func TestScopes(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	a := approvalstest.Asked(approvalstest.DeviceNo(1))
	a.Action = "isolate"
	r := approvals.Request{ID: "D-AAAAAA", Action: a.Action, Devices: a.Devices, Calls: []approvals.Call{{Attempt: 1}}}
	row, _ := defender.Actions().Named("isolate")
	const own, foreign = "[D-AAAAAA · asked by Ada] c", "by hand"
	if !r.OwnsComment(own) || r.OwnsComment(foreign) {
		t.Fatal("the comments are not what they are to be")
	}
	mine := approvals.Adopt{Job: approvals.Job{ID: "j1", Status: "Pending"}, As: approvals.Running}
	theirs := approvals.Adopt{Job: approvals.Job{ID: "j1", Status: "Pending", Adopted: true, By: "ana"}, As: approvals.Running}
	accepted := approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1", Status: "Pending"}, As: approvals.Running}
	busyWith := func(what string) approvals.CallEvent {
		return approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.AlreadyRunning, Detail: what}}
	}
	doubt := approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost, Detail: "Isolate, Selective, started by ana"}}
	for _, tt := range []struct {
		comment, scope string
		answer, busy   approvals.CallEvent // busy nil: there is none to stand for
		found          bool
	}{
		{own, "Full", accepted, mine, true},
		{own, "", accepted, mine, true},
		{own, "Selective", doubt, nil, false},
		{"", "Full", accepted, theirs, false},
		{"", "", accepted, nil, false},
		{"", "Selective", busyWith("Isolate, Selective, started by ana"), nil, false},
		{foreign, "Full", theirs, theirs, false},
		{foreign, "", busyWith("Isolate, started by ana"), nil, false},
		{foreign, "Selective", busyWith("Isolate, Selective, started by ana"), nil, false},
	} {
		j := defender.Job{
			ID: "j1", Tracks: defender.TrackMachineActions, Type: "Isolate", Scope: tt.scope, Comment: tt.comment,
			Requestor: "ana", Status: "Pending", Phase: defender.PhaseOpen,
		}
		if diff := cmp.Diff(tt.answer, o.started(r, 0, j)); diff != "" {
			t.Errorf("answered with %q of scope %q (-want +got):\n%s", tt.comment, tt.scope, diff)
		}
		if diff := cmp.Diff(tt.busy, standIn(r, row, []defender.Job{j})); diff != "" {
			t.Errorf("busy with %q of scope %q (-want +got):\n%s", tt.comment, tt.scope, diff)
		}
		if got := len(candidates(r, row, []defender.Job{j}, approvalstest.Start)) == 1; got != tt.found {
			t.Errorf("looked for: %q of scope %q is found: %v, want %v", tt.comment, tt.scope, got, tt.found)
		}
	}
}

// TestScopesOwnFirst: a call stands for its own job before anybody else's.
func TestScopesOwnFirst(t *testing.T) {
	r := approvals.Request{ID: "D-AAAAAA"}
	row, _ := defender.Actions().Named("scan")
	open := []defender.Job{{ID: "j2", Scope: "Full"}, {ID: "j1", Comment: "[D-AAAAAA · asked by Ada] c"}}
	want := approvals.Adopt{Job: approvals.Job{ID: "j1"}, As: approvals.Running}
	if diff := cmp.Diff(approvals.CallEvent(want), standIn(r, row, open)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
