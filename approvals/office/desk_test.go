package office

import (
	"fmt"
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestDeskOpReused: an envelope's id that comes again with another wish, person or
// request is not given the first one's answer.
func TestDeskOpReused(t *testing.T) {
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

// TestDeskExcludes has two actions of one group, and one of none.
func TestDeskExcludes(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}}}
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, people)
		ask := func(action string) (approvals.Request, error) {
			by := By{Op: ledger.NewOp().ID, User: "U1", Place: approvals.Place{Team: "T1", Channel: "C1"}}
			return d.Ask(t.Context(), by, Wish{Action: action, Devices: []approvals.Device{approvalstest.DeviceNo(1)}, Comment: "c"})
		}
		first, err := ask("isolate")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ask("unisolate"); !approvals.IsRefusal(err, approvals.Excluded) || approvals.OpenElsewhere(err) != first.ID {
			t.Errorf("another action of the group: %v, want it excluded by %s", err, first.ID)
		}
		if _, err := ask("isolate"); !approvals.IsRefusal(err, approvals.AlreadyOpen) {
			t.Errorf("the same action: %v, want already open", err)
		}
		if _, err := ask("collect"); err != nil {
			t.Errorf("an action of no group: %v", err)
		}
		apply(t, s, first, approvals.Cancel{By: approvalstest.Asker})
		if _, err := ask("unisolate"); err != nil {
			t.Errorf("after the first has ended: %v", err)
		}
	})
}

// TestDeskFound has a click find a card of whose record it knew none: none is
// there, or the worker has posted another meanwhile.
func TestDeskFound(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, approvalstest.Town{})
		seen := pendingOn(t, s, approvalstest.DeviceNo(1))
		if r, err := d.Found(t.Context(), seen, "1.1"); err != nil || r.Card.TS != "1.1" {
			t.Errorf("the first found: %q, %v", r.Card.TS, err)
		}
		if r, err := d.Found(t.Context(), seen, "2.2"); err != nil || r.Card.TS != "1.1" {
			t.Errorf("a second found, on an old record: %q, %v; want the card that there is", r.Card.TS, err)
		}
	})
}

// TestDeskMayDeny: whoever cannot deny hears why before they are asked for a reason,
// and the reason is the one that no list of approvers changes.
func TestDeskMayDeny(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newDeskFor(s, newCrowd(), approvals.List{Users: []string{"U1", "U2", "U3"}})
		onlyTwo := newDeskFor(s, newCrowd(), approvals.List{Users: []string{"U2"}})
		r := pendingOn(t, s, approvalstest.DeviceNo(1)) // of U1
		elsewhere := approvals.Place{Team: r.Place.Team, Channel: "C9"}
		for _, tt := range []struct {
			name   string
			desk   *Desk
			user   string
			place  approvals.Place
			digest string
			want   approvals.Reason // empty: the form opens
		}{
			{"an approver", d, "U2", r.Place, r.Digest(), ""},
			{"the requester, an approver", d, "U1", r.Place, r.Digest(), approvals.OwnRequest},
			{"the requester, no approver", onlyTwo, "U1", r.Place, r.Digest(), approvals.OwnRequest},
			{"somebody else", d, "U9", r.Place, r.Digest(), approvals.NotAnApprover},
			{"a guest", d, "UGUEST", r.Place, r.Digest(), approvals.NotAMember},
			{"on another card", d, "U2", elsewhere, r.Digest(), approvals.OtherMessage},
			{"who saw something else", d, "U2", r.Place, "0123456789abcdef", approvals.ShownDiffers},
		} {
			got, err := tt.desk.MayDeny(t.Context(), pressed(tt.user, tt.place), r.ID, tt.digest)
			if tt.want == "" && err != nil || tt.want != "" && !approvals.IsRefusal(err, tt.want) || got.ID != r.ID {
				t.Errorf("%s: %s and %v, want %q", tt.name, got.ID, err, tt.want)
			}
		}
		apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
		_, err := d.MayDeny(t.Context(), pressed("U3", r.Place), r.ID, r.Digest())
		if refused, is := approvals.AsRefusal(err); !is || refused.Why.Reason != approvals.AlreadyDecided || refused.Request.State != approvals.Approved {
			t.Errorf("after it was approved: %v", err)
		}
	})
}

// TestDeskApprovedTwice: whoever approves once more what has all of its approvals hears that
// it is decided, and not that somebody else has to approve it too.
func TestDeskApprovedTwice(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}}}
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
	d := newTestDesk(s, people)
	for needed, want := range map[int]approvals.Reason{1: approvals.AlreadyDecided, 2: approvals.AlreadyApproved} {
		r := approvalstest.Asked(approvalstest.DeviceNo(needed))
		r.Terms.Needed = needed
		r, err := s.Create(t.Context(), ledger.NewOp(), r, 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, apply(t, s, r, approvals.Resolve{Devices: r.Devices}), approvals.Show{TS: "1700.1", Visible: 1})
		for i, refused := range []approvals.Reason{"", want} {
			click := pressed("U2", r.Place)
			click.Op = fmt.Sprintf("click %d of %d", i, needed)
			_, err := d.Approve(t.Context(), click, r.ID, r.Digest())
			if refused == "" && err != nil || refused != "" && !approvals.IsRefusal(err, refused) {
				t.Errorf("%d needed, press %d: %v, want %q", needed, i+1, err, refused)
			}
		}
	}
}
