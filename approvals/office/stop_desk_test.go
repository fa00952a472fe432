package office

import (
	"testing"

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
