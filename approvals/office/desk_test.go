package office

import (
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestOpReused: an envelope's id that comes again with another wish, person or
// request is not given the first one's answer.
func TestOpReused(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}}}
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, people)
		one, two := pendingOn(t, s, approvalstest.DeviceNo(1)), pendingOn(t, s, approvalstest.DeviceNo(2))
		click := pressed("U2", one.Place)
		wish := Wish{Action: "collect", Devices: []approvals.Device{approvalstest.DeviceNo(3)}, Comment: "odd"}
		asks := By{Op: "ask", User: "U1", Place: one.Place}
		made, err := d.Ask(t.Context(), asks, wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := d.Ask(t.Context(), asks, wish); err != nil || again.ID != made.ID {
			t.Errorf("the same command again: %s, %v", again.ID, err)
		}
		if _, err := d.Approve(t.Context(), click, one.ID, one.Digest()); err != nil {
			t.Fatal(err)
		}
		if again, err := d.Approve(t.Context(), click, one.ID, one.Digest()); err != nil || again.ID != one.ID {
			t.Errorf("the same click again: %s, %v", again.ID, err)
		}
		wish.Comment = "even"
		if _, err := d.Ask(t.Context(), asks, wish); !approvals.IsRefusal(err, approvals.OpReused) {
			t.Errorf("another comment under the same id: %v", err)
		}
		wish.Comment, asks.User = "odd", "U2"
		if _, err := d.Ask(t.Context(), asks, wish); !approvals.IsRefusal(err, approvals.OpReused) {
			t.Errorf("another person under the same id: %v", err)
		}
		if _, err := d.Approve(t.Context(), click, two.ID, two.Digest()); !approvals.IsRefusal(err, approvals.OpReused) {
			t.Errorf("another request under the same id: %v", err)
		}
		click.User = "U3"
		if _, err := d.Approve(t.Context(), click, one.ID, one.Digest()); !approvals.IsRefusal(err, approvals.AlreadyDecided) {
			t.Errorf("another person on the same request: %v", err)
		}
		click.User = "U2"
		if _, err := d.Cancel(t.Context(), click, two.ID); !approvals.IsRefusal(err, approvals.OpReused) {
			t.Errorf("another button under the same id: %v", err)
		}
	})
}
