package office

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// onCall is a town whose group S1 decides, and what a pending request knows of it.
func onCall(by string, changed time.Time) (*crowd, approvals.Policy, approvals.Request) {
	c := newCrowd()
	c.groups["S1"] = []string{"U2", "U9"}
	c.about["S1"] = approvals.Group{ChangedBy: by, Changed: changed}
	r := approvalstest.Sample(approvals.Pending, "")
	r.Roll = []string{"U2"}
	return c, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}, Groups: []string{"S1"}}}), r
}

// TestDecidesOwnHand: who came into the group after it was asked for decides by the hand of
// somebody else, whatever ids the two go by; and what cannot be found out is no yes.
func TestDecidesOwnHand(t *testing.T) {
	later := approvalstest.Start.Add(4 * time.Minute)
	for _, tt := range []struct {
		name, user, by   string
		change           func(*crowd)
		decides, ownHand bool
		joined           time.Time
		err              error
	}{
		{name: "there before", user: "U2", by: "U2", decides: true},
		{name: "by id", user: "U3", by: "U3", decides: true},
		{name: "added by a colleague", user: "U9", by: "U4", decides: true, joined: later},
		{name: "added by nobody that is known", user: "U9", decides: true, joined: later},
		{name: "added by somebody who is gone", user: "U9", by: "U0GONE", decides: true, joined: later},
		{name: "added by the requester", user: "U9", by: "U1", ownHand: true},
		{name: "added by themselves", user: "U9", by: "U9", ownHand: true},
		{
			name: "added by themselves under another id", user: "UKIM", by: "ULEE", ownHand: true,
			change: func(c *crowd) { c.groups["S1"] = append(c.groups["S1"], "UKIM") },
		},
		{
			name: "the changer cannot be looked up", user: "U9", by: "U4", err: approvalstest.ErrDown,
			change: func(c *crowd) { c.broken["U4"] = approvalstest.ErrDown },
		},
		{
			name: "the other group cannot be read", user: "U9", by: "U1", err: approvalstest.ErrDown, ownHand: true,
			change: func(c *crowd) { c.broken["S2"] = approvalstest.ErrDown },
		},
		{
			name: "in the other group by a colleague's hand", user: "U9", by: "U1", decides: true, joined: later,
			change: func(c *crowd) {
				c.groups["S2"], c.about["S2"] = []string{"U9"}, approvals.Group{ChangedBy: "U4", Changed: later}
			},
		},
	} {
		c, p, r := onCall(tt.by, later)
		rule := p.Default
		rule.Approvers.Groups = append(slices.Clone(rule.Approvers.Groups), "S2")
		if tt.change != nil {
			tt.change(c)
		}
		f, err := (people{c, ruled(rule)}).facts(t.Context(), tt.user, approvals.ToApprove, r)
		if f.Decides != tt.decides || tt.err == nil && f.OwnHand != tt.ownHand || f.Decides && !f.Joined.Equal(tt.joined) || !errors.Is(err, tt.err) {
			t.Errorf("%s: decides %v, by their own hand %v, joined %v, %v", tt.name, f.Decides, f.OwnHand, f.Joined, err)
		}
	}
}

// TestRollCalled: a request keeps who was in the groups that decide, now or late, unless one
// could not be read.
func TestRollCalled(t *testing.T) {
	c := newCrowd()
	c.groups["S1"], c.groups["S2"] = []string{"U3", "U2"}, []string{"U2", "U4"}
	p := people{c, ruled(approvals.Rule{
		Approvers:  approvals.List{Users: []string{"U5"}, Groups: []string{"S1"}},
		EscalateTo: approvals.List{Users: []string{"U6"}, Groups: []string{"S1", "S2"}},
	})}
	got := p.approvers(t.Context(), "collect")
	if !slices.Equal(got.called, []string{"U2", "U3", "U4"}) || !slices.Equal(got.ids, []string{"U2", "U3", "U5"}) {
		t.Errorf("%+v", got)
	}
	c.broken["S2"] = approvalstest.ErrDown
	if got = p.approvers(t.Context(), "collect"); len(got.called) > 0 || len(got.ids) != 3 || len(got.groups) > 0 {
		t.Errorf("where one cannot be read: %+v", got)
	}
}

// TestApproveOwnHand: a requester who adds a friend to the approvers gets nothing approved,
// nor does a friend who joins alone; the next on call does, and the record says when they
// came. What an older version let through is stopped before it is sent.
func TestApproveOwnHand(t *testing.T) {
	var posts atomic.Int64
	c := newCrowd()
	c.groups["S1"] = []string{"U2"}
	o := newOffice(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
	}, chatter{}, c)
	p := ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1})
	o.people.policy = p
	d := NewDesk(DeskConfig{
		Store: o.store, People: c, Policy: p, Roster: NewRoster(c, p, slog.New(slog.DiscardHandler)), Worker: o.Worker,
		Terms: approvalstest.Sample(approvals.Pending, "").Terms, MaxOpen: 5,
	})
	r := o.wish(d, approvalstest.DeviceNo(1))
	if !slices.Equal(r.Roll, []string{"U2"}) {
		t.Fatalf("on the roll are %v", r.Roll)
	}
	joins := func(by string) time.Time {
		at := o.clock().Add(4 * time.Minute)
		c.change(func() {
			c.groups["S1"], c.about["S1"] = []string{"U2", "U9"}, approvals.Group{ChangedBy: by, Changed: at}
		})
		return at
	}
	for _, by := range []string{"U1", "U9"} {
		joins(by)
		for _, decide := range []func() error{
			func() error {
				_, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest())
				return err
			},
			func() error {
				_, err := d.Deny(t.Context(), pressed("U9", r.Place), r.ID, r.Digest(), "no")
				return err
			},
		} {
			if err := decide(); !approvals.IsRefusal(err, approvals.OwnHand) {
				t.Errorf("added by %s: %v", by, err)
			}
		}
	}
	old := apply(t, o.store, r, approvals.Approve{By: approvals.Person{ID: "U9"}, Digest: r.Digest()})
	o.turns(20)
	if got := o.load(old.ID).Calls[0]; posts.Load() != 0 || got.State != approvals.Lapsed || got.Why != (approvals.Why{Reason: approvals.ApproverOwnHand, Detail: "U9"}) {
		t.Errorf("%d POSTs; the call is %s: %+v", posts.Load(), got.State, got.Why)
	}
	c.change(func() { c.groups["S1"] = []string{"U2"} })
	r = o.wish(d, approvalstest.DeviceNo(2))
	at := joins("U4")
	if _, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest()); err != nil {
		t.Fatal(err)
	}
	o.pass(time.Minute) // what was handed over is not taken up
	o.turns(20)
	if got := o.load(r.ID); posts.Load() != 1 || len(got.Approvals) != 1 || !got.Approvals[0].Joined.Equal(at) {
		t.Errorf("%d POSTs, approved by %+v", posts.Load(), got.Approvals)
	}
}

// TestForceOwnHand: nobody acts alone through a group that they were the last to change,
// whenever that was and by whichever of their ids; through one that a colleague has changed, or
// named by id, they do.
func TestForceOwnHand(t *testing.T) {
	for _, tt := range []struct {
		user, by string
		want     approvals.Reason
	}{{"U9", "U9", approvals.OwnHand}, {"UKIM", "ULEE", approvals.OwnHand}, {"U9", "U4", ""}, {"U9", "", ""}, {"U3", "U3", ""}} {
		c, p, _ := onCall(tt.by, approvalstest.Start.Add(-24*time.Hour))
		c.groups["S1"] = append(c.groups["S1"], "UKIM")
		p.BreakGlass = true
		o := newOffice(t, func(http.ResponseWriter, *http.Request) {}, chatter{}, c)
		d := NewDesk(DeskConfig{
			Store: o.store, People: c, Policy: p, Roster: NewRoster(c, p, slog.New(slog.DiscardHandler)), Worker: o.Worker,
			Terms: approvalstest.Sample(approvals.Pending, "").Terms, MaxOpen: 5,
		})
		_, err := d.Force(t.Context(), from(tt.user), wishFor(1))
		if why, refused := approvals.AsRefusal(err); refused != (tt.want != "") || refused && why.Why.Reason != tt.want {
			t.Errorf("%s acts alone, the group was changed by %q: %v, want %q", tt.user, tt.by, err, tt.want)
		}
	}
}
