package office

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestDeskStop: who may stop what, and what is refused.
func TestDeskStop(t *testing.T) {
	o, _, r := collecting(t, 1, 1)
	people, _ := o.people.dir.(approvalstest.Town)
	people.People["U4"] = approvals.Facts{Person: approvals.Person{ID: "U4", Name: "ben"}}
	d := newTestDesk(o.store, people)
	investigation := o.working("investigate", 1, 0)
	for name, tt := range map[string]struct {
		by         By
		id, digest string
		want       approvals.Reason
	}{
		"the requester, who is no approver": {pressed("U1", r.Place), r.ID, r.Digest(), approvals.NotYoursToStop},
		"somebody else":                     {pressed("U4", r.Place), r.ID, r.Digest(), approvals.NotYoursToStop},
		"another card":                      {pressed("U2", r.Place), r.ID, "0000", approvals.ShownDiffers},
		"another channel":                   {pressed("U2", approvals.Place{Team: "T1", Channel: "C9"}), r.ID, r.Digest(), approvals.OtherMessage},
		"no such request":                   {pressed("U2", r.Place), "D-000000", r.Digest(), approvals.NoSuchRequest},
		"an investigation":                  {pressed("U2", r.Place), investigation.ID, investigation.Digest(), approvals.NoWayToStop},
	} {
		if _, err := d.Stop(t.Context(), tt.by, tt.id, tt.digest); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	by := pressed("U3", r.Place)
	for range 2 { // the second is a redelivery
		if got, err := d.Stop(t.Context(), by, r.ID, r.Digest()); err != nil || got.Calls[0].Stop.State != approvals.StopAsked || got.Calls[0].Stop.By.ID != "U3" {
			t.Fatalf("%+v, %v", got.Calls[0].Stop, err)
		}
	}
	if _, err := d.Stop(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.StopUnderWay) {
		t.Errorf("a second approver: %v", err)
	}
	people.Down = true
	if _, err := newTestDesk(o.store, people).Stop(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("nobody knows who it is: %v", err)
	}
}

// TestStopOwnRequest: an approver may stop what they have asked for themselves.
func TestStopOwnRequest(t *testing.T) {
	o, _, r := collecting(t, 1, 1)
	d := newDeskFor(o.store, o.people.dir, approvals.List{Users: []string{"U1", "U2"}})
	if got, err := d.Stop(t.Context(), pressed("U1", r.Place), r.ID, r.Digest()); err != nil || got.Calls[0].Stop.By.ID != "U1" {
		t.Errorf("%+v, %v", got.Calls, err)
	}
}

// TestStopStillMay: a stop that had to wait is sent only if whoever asked for it still may
// when its turn comes. Not knowing only delays it; somebody else can ask again.
func TestStopStillMay(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(429, "TooManyRequests", "slow down")
	o.asksToStop(r)
	o.turns(50)
	m.cancel = nil
	town, rules := o.people.dir, o.people.policy
	o.people.dir = approvalstest.Town{Down: true}
	o.pass(2 * time.Minute)
	o.turns(50)
	if s := o.load(r.ID).Calls[0].Stop; s.State != approvals.StopAsked || s.Why.Reason != approvals.ApproverUnchecked || s.Attempt != 1 || len(m.posts) != 1 {
		t.Errorf("while nobody knows: %+v after %d POSTs", s, len(m.posts))
	}
	o.people.dir, o.people.policy = town, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}}, Needed: 1})
	o.pass(2 * time.Minute)
	o.turns(50)
	if s := o.load(r.ID).Calls[0].Stop; s.State != approvals.StopRefused || s.Why.Reason != approvals.NotYoursToStop || len(m.posts) != 1 {
		t.Errorf("of somebody who is no approver any more: %+v after %d POSTs", s, len(m.posts))
	}
	o.people.policy = rules
	o.asksToStop(r)
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || len(m.posts) != 2 {
		t.Errorf("asked for again: %s with %+v after %d POSTs", c.State, c.Stop, len(m.posts))
	}
}
