package approvals_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestThroughGroup: whoever was in the group when it was asked for decides whatever happens
// to the group; whoever came later decides unless the change was theirs or a requester's.
func TestThroughGroup(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	r.Asked = approvalstest.Start.Add(500 * time.Millisecond)
	r.By.Enterprise = "W1"
	r.Barred = []approvals.Person{{ID: "U7"}}
	sec := func(n int) time.Time { return approvalstest.Start.Add(time.Duration(n) * time.Second) }
	known, unknown := []string{"U2", "U3"}, []string(nil)
	me := approvals.Person{ID: "U9", Enterprise: "W9"}
	for i, tt := range []struct {
		roll    []string
		who     approvals.Person
		changed time.Time
		by      approvals.Person
		decides bool
		joined  int // seconds after the start; 0: not said
	}{
		{known, approvals.Person{ID: "U2"}, sec(60), approvals.Person{ID: "U2"}, true, 0},
		{known, approvals.Person{ID: "U2"}, sec(60), r.By, true, 0},
		{known, approvals.Person{ID: "U5", Enterprise: "U3"}, sec(60), r.By, true, 0}, // on the roll by another id
		{known, me, sec(60), me, false, 0},
		{known, me, sec(60), approvals.Person{ID: "W9"}, false, 0},
		{known, me, sec(60), approvals.Person{ID: "U8", Enterprise: "W9"}, false, 0}, // by the same person's other id
		{known, me, sec(60), r.By, false, 0},
		{known, me, sec(60), approvals.Person{ID: "W1"}, false, 0},
		{known, me, sec(60), approvals.Person{ID: "U7"}, false, 0}, // who asked before
		{known, me, sec(-60), r.By, false, 0},                      // between the reading of the roll and the request
		{known, me, sec(240), approvals.Person{ID: "U4"}, true, 240},
		{known, me, sec(240), approvals.Person{}, true, 240}, // it is not said who
		{known, me, sec(-60), approvals.Person{ID: "U4"}, true, 0},
		{known, me, time.Time{}, approvals.Person{}, true, 0},
		{unknown, me, sec(60), me, false, 0},
		{unknown, me, sec(60), r.By, false, 0},
		{unknown, me, sec(0), me, false, 0}, // in the same second
		{unknown, me, sec(-1), me, true, 0},
		{unknown, me, time.Time{}, me, true, 0},
		{unknown, me, sec(60), approvals.Person{ID: "U4"}, true, 0}, // when they came nobody knows
	} {
		r.Roll = tt.roll
		f := approvals.Facts{Person: tt.who}.ThroughGroup(r, approvals.Group{ID: "S1", Members: []string{tt.who.ID}, Changed: tt.changed, ChangedBy: tt.by.ID}, tt.by)
		want := time.Time{}
		if tt.joined > 0 {
			want = sec(tt.joined)
		}
		if f.Decides != tt.decides || f.OwnHand == tt.decides || !f.Joined.Equal(want) {
			t.Errorf("row %d, %+v: decides %v by their own hand %v, joined %v, want %v, %v", i, tt, f.Decides, f.OwnHand, f.Joined, tt.decides, want)
		}
	}
	f := approvals.Facts{Person: me}.ThroughGroup(approvals.Request{}, approvals.Group{Changed: sec(60), ChangedBy: me.ID}, me)
	if !f.Decides || f.OwnHand {
		t.Errorf("where it is about no request: %+v", f)
	}
}

// TestPolicyOwnHand: who came by their own hand decides nothing, and hears why; what is
// theirs as the requester they may do.
func TestPolicyOwnHand(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	f := approvals.Facts{Person: approvals.Person{ID: "U9"}, Asks: true, OwnHand: true}
	in := approvals.Channel{ID: r.Place.Channel, Member: true}
	for _, v := range []approvals.Verb{approvals.ToApprove, approvals.ToDeny, approvals.ToCancel, approvals.ToStop, approvals.ToFetch, approvals.ToRetry, approvals.ToReview} {
		if err := (approvals.Policy{}).May(v, f, in, r); !approvals.IsRefusal(err, approvals.OwnHand) {
			t.Errorf("%s: %v", v, err)
		}
	}
	own := f
	own.Person = r.By
	for v, want := range map[approvals.Verb]approvals.Reason{approvals.ToApprove: approvals.OwnRequest, approvals.ToCancel: "", approvals.ToFetch: "", approvals.ToRetry: ""} {
		if err := (approvals.Policy{}).May(v, own, in, r); want == "" && err != nil || want != "" && !approvals.IsRefusal(err, want) {
			t.Errorf("the requester, %s: %v, want %q", v, err, want)
		}
	}
}

// TestRollOf: each once, in order, and nobody where they are too many.
func TestRollOf(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("U%03d", i))
	}
	backwards := slices.Clone(many)
	slices.Reverse(backwards)
	if got := approvals.RollOf(append(backwards, "U000")); !slices.Equal(got, many) {
		t.Errorf("%d people, the first %v", len(got), got[:min(3, len(got))])
	}
	if got := approvals.RollOf(append(many, "U999")); got != nil {
		t.Errorf("of 101 people %d are noted", len(got))
	}
}

// TestApproveJoined: the record says of each approval whether its approver joined late.
func TestApproveJoined(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	at := r.Asked.Add(4 * time.Minute)
	got, err := approvals.Next(r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest(), Joined: at}, r.Asked.Add(5*time.Minute))
	if err != nil || len(got.Approvals) != 1 || !got.Approvals[0].Joined.Equal(at) {
		t.Errorf("%v, %+v", err, got.Approvals)
	}
}
