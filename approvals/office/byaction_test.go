package office

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// byAction has a rule for collect and another one for everything else.
func byAction(collect approvals.Rule) approvals.Policy {
	return approvals.Policy{
		Default:  approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}}, Requesters: approvals.List{Users: []string{"U1"}}, Needed: 1},
		ByAction: map[string]approvals.Rule{"collect": collect},
	}
}

// TestFactsByAction: what a person may is read from the lists of the action, and from
// no other.
func TestFactsByAction(t *testing.T) {
	own := approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}}, Requesters: approvals.List{Users: []string{"U2"}}}
	p := people{newCrowd(), byAction(own)}
	for _, tt := range []struct {
		user, action  string
		asks, decides bool
	}{
		{"U1", "collect", false, false},
		{"U2", "collect", true, false},
		{"U3", "collect", false, true},
		{"U1", "scan", true, false},
		{"U2", "scan", false, true},
		{"U3", "scan", false, false},
	} {
		r := approvalstest.Sample(approvals.Pending, "")
		r.Action, r.By = tt.action, approvals.Person{ID: "U9"}
		asks, err := p.facts(t.Context(), tt.user, approvals.ToAsk, r)
		if err != nil || asks.Asks != tt.asks {
			t.Errorf("%s asks for %s: %v, %v; want %v", tt.user, tt.action, asks.Asks, err, tt.asks)
		}
		for _, v := range []approvals.Verb{approvals.ToApprove, approvals.ToDeny, approvals.ToCancel, approvals.ToRetry} {
			if f, err := p.facts(t.Context(), tt.user, v, r); err != nil || f.Decides != tt.decides {
				t.Errorf("%s to %s %s: %v, %v; want %v", tt.user, v, tt.action, f.Decides, err, tt.decides)
			}
		}
		if got := p.approvers(t.Context(), tt.action).ids; len(got) != 1 || (got[0] == tt.user) != tt.decides {
			t.Errorf("the approvers of %s are %q", tt.action, got)
		}
	}
}

// TestSendStillGood: what was approved before the rules changed goes by the rules of
// now.
func TestSendStillGood(t *testing.T) {
	all := approvals.List{Users: []string{"U2", "U3"}}
	gone := approvals.Lapse{Why: approvals.Why{Reason: approvals.ApproverGone, Detail: "U2"}}
	for name, tt := range map[string]struct {
		rule approvals.Rule
		want approvals.CallEvent // nil: it is sent
	}{
		"the same":                         {approvals.Rule{Approvers: all}, nil},
		"the action is off":                {approvals.Rule{Approvers: all, Off: true}, approvals.Lapse{Why: approvals.Why{Reason: approvals.ActionOff, Detail: "collect"}}},
		"the approver is not the action's": {approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}}}, gone},
		"the requester is not":             {approvals.Rule{Approvers: all, Requesters: all}, approvals.Lapse{Why: approvals.Why{Reason: approvals.RequesterGone, Detail: "U1"}}},
	} {
		o := newOffice(t, nil, chatter{}, nil)
		o.people.policy = byAction(tt.rule)
		if diff := cmp.Diff(tt.want, o.stillGood(t.Context(), o.working("collect", 1, 0), 0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
