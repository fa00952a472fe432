package office

import (
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// lead is somebody who is called in late, and no approver.
var lead = approvals.Person{ID: "U9", Name: "radia"}

// called is a policy that calls in the lead, by a group, and the requester.
func called() approvals.Policy {
	return ruled(approvals.Rule{
		Approvers: approvals.List{Users: []string{"U2", "U3"}}, EscalateTo: approvals.List{Users: []string{"U1"}, Groups: []string{"S9"}}, Needed: 1,
	})
}

// escalating is an office and a desk with that policy.
func escalating(t *testing.T, answer http.HandlerFunc, chat approvals.Chat) (*office, *Desk) {
	t.Helper()
	people := approvalstest.Town{
		People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}, "U9": {Person: lead}},
		Groups: map[string][]string{"S9": {"U9"}},
	}
	o := newOffice(t, answer, chat, people)
	o.people.policy = called()
	return o, NewDesk(DeskConfig{
		Store: o.store, People: people, Policy: called(), Roster: NewRoster(people, called(), slog.New(slog.DiscardHandler)), Worker: o.Worker,
		Terms: approvalstest.Sample(approvals.Pending, "").Terms, MaxOpen: 5,
	})
}

// wish puts a wish of the requester to approvers.
func (o *office) wish(d *Desk, device approvals.Device) approvals.Request {
	o.t.Helper()
	device.Verified = true
	by := By{Op: ledger.NewOp().ID, User: "U1", Place: approvals.Place{Team: "T1", Channel: "C1"}}
	r, err := d.Ask(o.t.Context(), by, Wish{Action: "collect", Devices: []approvals.Device{device}, Comment: "why"})
	if err != nil {
		o.t.Fatal(err)
	}
	return apply(o.t, o.store, r, approvals.Resolve{Devices: []approvals.Device{device}})
}

// TestEscalatedDecides: from two thirds of the time on those who are called in decide as
// approvers do, also where it is checked again before it is sent, and on what is tried
// again; never on what they asked for, and never before.
func TestEscalatedDecides(t *testing.T) {
	var posts atomic.Int64
	o, d := escalating(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `{"error":{"code":"Forbidden","message":"no"}}`)
	}, chatter{})
	r := o.wish(d, approvalstest.DeviceNo(1))
	o.turns(20)
	o.pass(r.Terms.ApprovalTTL*2/3 - time.Second)
	o.turns(20)
	if _, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.NotAnApprover) {
		t.Errorf("approved before two thirds: %v", err)
	}
	if _, err := d.Cancel(t.Context(), pressed("U9", r.Place), r.ID); !approvals.IsRefusal(err, approvals.NotYours) {
		t.Errorf("cancelled before two thirds: %v", err)
	}
	o.pass(2 * time.Second)
	o.turns(20)
	if r = o.load(r.ID); r.Escalated.IsZero() || r.State != approvals.Pending {
		t.Fatalf("at two thirds it is %s, escalated %s", r.State, r.Escalated)
	}
	if _, err := d.Approve(t.Context(), pressed("U1", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.OwnRequest) {
		t.Errorf("approved by the requester, who is called in: %v", err)
	}
	if _, err := d.MayDeny(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); err != nil {
		t.Errorf("the form to deny: %v", err)
	}
	if got, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); err != nil || got.State != approvals.Approved {
		t.Fatalf("approved by who is called in: %s, %v", got.State, err)
	}
	o.pass(time.Minute) // what was handed over is not taken up
	o.turns(20)
	if r = o.load(r.ID); posts.Load() != 1 || r.Calls[0].State != approvals.Failed {
		t.Fatalf("%d POSTs; the call is %s: %+v", posts.Load(), r.Calls[0].State, r.Calls[0].Why)
	}
	again, err := d.Retry(t.Context(), pressed("U9", r.Place), r.ID, r.Digest())
	if err != nil || len(again.Approvals) != 1 || again.Escalated.IsZero() {
		t.Fatalf("tried again by who is called in: %+v, %v", again.Approvals, err)
	}
	apply(t, o.store, again, approvals.Resolve{Devices: again.Devices})
	o.turns(20)
	if again = o.load(again.ID); posts.Load() != 2 || again.Calls[0].State != approvals.Failed {
		t.Errorf("tried again: %d POSTs; the call is %s: %+v", posts.Load(), again.Calls[0].State, again.Calls[0].Why)
	}
}

// TestEscalatedGone: who was called in and is not on the list any more when the turn of the
// call comes has not approved it.
func TestEscalatedGone(t *testing.T) {
	var posts atomic.Int64
	o, d := escalating(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
	}, chatter{})
	r := o.wish(d, approvalstest.DeviceNo(1))
	o.pass(r.Terms.ApprovalTTL * 2 / 3)
	o.turns(20)
	if _, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); err != nil {
		t.Fatal(err)
	}
	o.people.policy = ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2", "U3"}}, Needed: 1})
	o.pass(time.Minute) // what was handed over is not taken up
	o.turns(20)
	if r = o.load(r.ID); posts.Load() != 0 || r.Calls[0].State != approvals.Lapsed || r.Calls[0].Why.Reason != approvals.ApproverGone {
		t.Errorf("%d POSTs; the call is %s: %+v", posts.Load(), r.Calls[0].State, r.Calls[0].Why)
	}
}

// TestEscalateNobody: without anybody to call in nothing changes, and a request keeps the
// terms under which it was made.
func TestEscalateNobody(t *testing.T) {
	o, d := escalating(t, nil, chatter{})
	d.people.policy = ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2", "U3"}}, Needed: 1})
	r := o.wish(d, approvalstest.DeviceNo(1))
	o.pass(r.Terms.ApprovalTTL * 5 / 6)
	o.turns(20)
	if r = o.load(r.ID); r.Terms.EscalateAfter != 0 || !r.Escalated.IsZero() || len(r.Notices) != 1 {
		t.Errorf("terms %+v, escalated %s, notices %+v", r.Terms, r.Escalated, r.Notices)
	}
	d.people.policy = called()
	if _, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.NotAnApprover) {
		t.Errorf("approved under terms of before: %v", err)
	}
}

// TestRosterCalledIn: what is wrong with those who are called in is known, and has no say in
// whether enough people can approve.
func TestRosterCalledIn(t *testing.T) {
	people := approvalstest.Town{
		People: map[string]approvals.Facts{"U2": {Person: approvalstest.Leader}, "U8": {Person: approvals.Person{ID: "U8"}, Deleted: true}, "U9": {Person: lead}},
		Groups: map[string][]string{"S8": {}, "S9": {"U9"}},
	}
	p := ruled(approvals.Rule{
		Approvers: approvals.List{Users: []string{"U2"}}, EscalateTo: approvals.List{Users: []string{"U8", "U2"}, Groups: []string{"S8", "S9"}}, Needed: 1,
	})
	r := NewRoster(people, p, slog.New(slog.DiscardHandler))
	r.Muster(t.Context())
	s := r.State()
	if s.Able != 1 || len(s.Out) != 0 || s.TooFew() != nil {
		t.Errorf("%d may decide, %q do not count", s.Able, s.String())
	}
	if got, want := s.Called(), "S8: a user group without active members; U8: deactivated"; got != want {
		t.Errorf("of those who are called in: %q, want %q", got, want)
	}
	if r.Counts("U8") || !r.Counts("U9") || !r.Counts("U2") {
		t.Error("somebody who cannot decide counts, or the other way around")
	}
}
