package office

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// scoped is a request for a row of the catalogue whose call is being sent, and an action in
// Defender of a scope, started by the request's own comment or by somebody else's.
func scoped(action, scope string, own bool) (approvals.Request, defender.Job) {
	r := approvalstest.Sample(approvals.Approved, approvals.Sending)
	r.Action = action
	j := defender.Job{
		ID: "j1", Tracks: defender.TrackMachineActions, Type: "Isolate", Scope: scope, Requestor: "ann", Comment: "false alarm",
		Status: "Pending", Phase: defender.PhaseOpen,
	}
	if own {
		j.Comment = r.DefenderComment()
	}
	return r, j
}

// TestScope: a call stands for an action in Defender only if that is what was asked for. A
// scope that is not shown is enough for its own, and not for somebody else's.
func TestScope(t *testing.T) {
	const adopts, takes, fails, doubts, nothing = "adopt", "accept", "fail", "doubt", ""
	o := newOffice(t, func(http.ResponseWriter, *http.Request) {}, chatter{}, nil)
	for _, tt := range []struct {
		action, scope string
		own           bool
		answer        string // what it is as the answer to the POST
		besides       string // and as what is in the call's place
		candidate     bool   // whether it can be what an uncertain call started
	}{
		{"isolate", "Full", true, takes, adopts, true},
		{"isolate", "", true, takes, adopts, true},
		{"isolate", "Selective", true, doubts, nothing, false},
		{"isolate", "Full", false, adopts, adopts, false},
		{"isolate", "", false, fails, nothing, false},
		{"isolate", "Selective", false, fails, nothing, false},
		{"isolate-selective", "Full", false, fails, nothing, false},
		{"unisolate", "", false, adopts, adopts, false},
		{"unisolate", "", true, takes, adopts, true},
	} {
		r, j := scoped(tt.action, tt.scope, tt.own)
		action, _ := o.store.Action(tt.action)
		if got := approvals.EventName(o.started(r, 0, j)); got != tt.answer {
			t.Errorf("%+v: the answer is taken as %q", tt, got)
		}
		besides := nothing
		if e := standIn(r, action, []defender.Job{j}); e != nil {
			besides = approvals.EventName(e)
		}
		if besides != tt.besides {
			t.Errorf("%+v: the call stands for it by %q", tt, besides)
		}
		if got := len(candidates(r, action, []defender.Job{j}, approvalstest.Start)) == 1; got != tt.candidate {
			t.Errorf("%+v: is a candidate: %v", tt, got)
		}
	}
}

// TestScopeUnfound: what carries the call's own comment did start, whatever its scope is, so
// nobody is told that nothing did.
func TestScopeUnfound(t *testing.T) {
	r, own := scoped("isolate", "Selective", true)
	_, other := scoped("isolate", "Full", false)
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
