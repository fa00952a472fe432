package office

import (
	"errors"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

func TestFactsFailClosed(t *testing.T) {
	d := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}}, Groups: map[string][]string{"S1": {"U2"}}}
	p := ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Requesters: approvals.List{Users: []string{"U1"}, Groups: []string{"S2"}}})
	r := approvalstest.Sample(approvals.Pending, "")
	for _, tt := range []struct {
		user          string
		v             approvals.Verb
		asks, decides bool
	}{
		{"U1", approvals.ToAsk, true, false},
		{"U1", approvals.ToApprove, false, false},
		{"U2", approvals.ToApprove, false, true},
		{"U2", approvals.ToDeny, false, true},
		{"U2", approvals.ToCancel, false, true},
		{"U2", approvals.ToRetry, false, true},
		{"U1", approvals.ToCancel, false, false}, // not asked: the requester needs no list
		{"U1", approvals.ToRetry, false, false},
	} {
		f, err := (people{d, p}).facts(t.Context(), tt.user, tt.v, r)
		if err != nil || f.Asks != tt.asks || f.Decides != tt.decides {
			t.Errorf("%s, to %s: asks %v, decides %v, %v", tt.user, tt.v, f.Asks, f.Decides, err)
		}
	}
	if f, err := (people{d, p}).facts(t.Context(), "U2", approvals.ToAsk, r); err == nil || f.Asks {
		t.Errorf("a group of requesters that cannot be read: asks %v, %v", f.Asks, err)
	}
	d.Groups = nil
	if f, err := (people{d, p}).facts(t.Context(), "U2", approvals.ToApprove, r); err == nil || f.Decides {
		t.Errorf("a group that cannot be read: decides %v, %v", f.Decides, err)
	}
	d.Down = true
	for _, v := range []approvals.Verb{approvals.ToAsk, approvals.ToApprove, approvals.ToDeny, approvals.ToCancel, approvals.ToRetry} {
		if f, err := (people{d, p}).facts(t.Context(), "U1", v, r); err == nil || f.Asks || f.Decides {
			t.Errorf("slack is down, to %s: %+v, %v", v, f, err)
		}
	}
	if f, err := (people{dir: approvalstest.Town{People: d.People}}).facts(t.Context(), "U2", approvals.ToApprove, r); err != nil || f.Decides {
		t.Errorf("without a list of approvers: decides %v, %v", f.Decides, err)
	}
}

// TestFactsGroupGone has a group of approvers that cannot be read: only whoever
// has to be an approver, and is not found elsewhere on the list, meets it.
func TestFactsGroupGone(t *testing.T) {
	gone := approvals.Person{ID: "U8"}
	d := approvalstest.Town{
		People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}, "U9": {Person: approvals.Person{ID: "U9"}}, "U8": {Person: gone, Deleted: true}},
		Groups: map[string][]string{"S2": {"U2"}},
	}
	p := ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}, Groups: []string{"S1", "S2"}}})
	r := approvalstest.Sample(approvals.Pending, "")
	if asks, err := (people{d, p}).stillAsks(t.Context(), r); !asks || err != nil {
		t.Errorf("the requester still asks: %v, %v", asks, err)
	}
	for _, user := range []string{"U2", "U3"} { // by the other group, by id
		if f, err := (people{d, p}).facts(t.Context(), user, approvals.ToApprove, r); !f.Decides || err != nil {
			t.Errorf("%s decides: %v, %v", user, f.Decides, err)
		}
	}
	if f, err := (people{d, p}).facts(t.Context(), "U1", approvals.ToApprove, r); f.Decides || !errors.Is(err, approvalstest.ErrDown) {
		t.Errorf("somebody who could be in the group decides: %v, %v", f.Decides, err)
	}
	if f, err := (people{d, p}).facts(t.Context(), "U8", approvals.ToApprove, r); err != nil || !approvals.IsRefusal(p.May(approvals.ToApprove, f, approvals.Channel{}, r), approvals.NotAMember) {
		t.Errorf("somebody who may do nothing: %+v, %v", f, err)
	}
	if f, err := (people{d, p}).facts(t.Context(), "U1", approvals.ToCancel, r); err != nil || p.May(approvals.ToCancel, f, approvals.Channel{}, r) != nil {
		t.Errorf("the requester cancels: %v", err)
	}
	if f, err := (people{d, p}).facts(t.Context(), "U9", approvals.ToCancel, r); !errors.Is(err, approvalstest.ErrDown) || f.Decides {
		t.Errorf("somebody else cancels: %v, %v", f.Decides, err)
	}
}

// TestPolicyListOtherID: a list may name a person by any of their ids.
func TestPolicyListOtherID(t *testing.T) {
	anyGroup := func(approvals.Group) (bool, error) { return true, nil }
	d := approvalstest.Town{Groups: map[string][]string{"S1": {"W1"}}}
	p := approvals.Facts{Person: approvals.Person{ID: "U1", Enterprise: "W1"}}
	for _, l := range []approvals.List{{Users: []string{"U1"}}, {Users: []string{"W1"}}, {Groups: []string{"S1"}}} {
		if ok, err := (people{dir: d}).listed(t.Context(), p, l, anyGroup); !ok || err != nil {
			t.Errorf("%+v: %v, %v", l, ok, err)
		}
	}
	if ok, err := (people{dir: d}).listed(t.Context(), approvals.Facts{Person: approvals.Person{ID: "U1"}}, approvals.List{Users: []string{""}}, anyGroup); ok || err != nil {
		t.Errorf("an empty entry is somebody: %v, %v", ok, err)
	}
}

// TestFactsNoSuchPerson tells the two ways apart in which there are no facts.
func TestFactsNoSuchPerson(t *testing.T) {
	d := newCrowd()
	p := ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U0NOBODY"}}})
	r := approvalstest.Sample(approvals.Pending, "")
	f, err := (people{d, p}).facts(t.Context(), "U0NOBODY", approvals.ToApprove, r)
	if err != nil || !approvals.IsRefusal(p.May(approvals.ToApprove, f, approvals.Channel{}, r), approvals.NotAMember) {
		t.Errorf("somebody who does not exist: %+v, %v", f, err)
	}
	d.broken["U0NOBODY"] = approvalstest.ErrDown
	if _, err := (people{d, p}).facts(t.Context(), "U0NOBODY", approvals.ToApprove, r); !errors.Is(err, approvalstest.ErrDown) {
		t.Errorf("when Slack is down: %v", err)
	}
}
