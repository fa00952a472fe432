package office

import (
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// typed is a command of a user in a channel.
func typed(user, channel string) By {
	return By{Op: ledger.NewOp().ID, User: user, Place: approvals.Place{Team: "T1", Channel: channel}, Typed: true}
}

// TestDeskCancelTyped: a typed id cancels where the request was made, and for its
// requester wherever commands are taken.
func TestDeskCancelTyped(t *testing.T) {
	for name, tt := range map[string]struct {
		user, channel string
		want          approvals.Reason // empty: it is cancelled
	}{
		"the requester there":       {"U1", "C1", ""},
		"the requester elsewhere":   {"U1", "C9", ""},
		"the requester, not taken":  {"U1", "C0OUT", approvals.ChannelNotTaken},
		"an approver there":         {"U2", "C1", ""},
		"an approver elsewhere":     {"U2", "C9", approvals.TypedElsewhere},
		"an approver, not taken":    {"U2", "C0OUT", approvals.TypedElsewhere},
		"somebody else there":       {"U9", "C1", approvals.NotYours},
		"somebody else elsewhere":   {"U9", "C9", approvals.NotYours},
		"a guest there":             {"UGUEST", "C1", approvals.NotAMember},
		"nobody whom anybody knows": {"U0NOBODY", "C1", approvals.NotAMember},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, addr string) {
				s := newTestStore(t, redistest.Client(t, addr), roomyActions())
				d := newTestDesk(s, newCrowd())
				d.people.policy.Channels = []string{"C1", "C9"}
				r := pendingOn(t, s, approvalstest.DeviceNo(1)) // of U1 in C1
				by := typed(tt.user, tt.channel)
				got, err := d.Cancel(t.Context(), by, r.ID)
				if tt.want == "" && err != nil || tt.want != "" && !approvals.IsRefusal(err, tt.want) {
					t.Fatalf("%v, want %q", err, tt.want)
				}
				want := approvals.Cancelled
				if tt.want != "" {
					want = approvals.Pending
				}
				if kept, err := s.Load(t.Context(), r.ID); err != nil || kept.State != want || got.ID != r.ID {
					t.Errorf("%s is %s, want %s; the answer is about %q; %v", r.ID, kept.State, want, got.ID, err)
				}
				if again, err := d.Cancel(t.Context(), by, r.ID); tt.want == "" && (err != nil || again.State != approvals.Cancelled) {
					t.Errorf("the same command delivered again: %s, %v", again.State, err)
				}
				if _, err := d.Cancel(t.Context(), typed("U1", "C1"), r.ID); tt.want == "" && !approvals.IsRefusal(err, approvals.AlreadyDecided) {
					t.Errorf("another command: %v", err)
				}
			})
		})
	}
}

// TestDeskTypedDecidesNothing: whoever typed an id was not shown what they would
// decide on.
func TestDeskTypedDecidesNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, newCrowd())
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		by := typed("U2", r.Place.Channel)
		ctx := t.Context()
		for name, do := range map[string]func() error{
			"approve": func() error { _, err := d.Approve(ctx, by, r.ID, r.Digest()); return err },
			"deny":    func() error { _, err := d.Deny(ctx, by, r.ID, r.Digest(), "no"); return err },
			"form":    func() error { _, err := d.MayDeny(ctx, by, r.ID, r.Digest()); return err },
			"stop":    func() error { _, err := d.Stop(ctx, by, r.ID, r.Digest()); return err },
			"retry":   func() error { _, err := d.Retry(ctx, by, r.ID, r.Digest()); return err },
		} {
			if err := do(); !approvals.IsRefusal(err, approvals.OtherMessage) {
				t.Errorf("%s by a typed id: %v", name, err)
			}
		}
	})
}
