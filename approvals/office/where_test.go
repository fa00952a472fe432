package office

import (
	"context"
	"testing"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// elsewhere is a town in which the channel is as a test says.
type elsewhere struct {
	approvalstest.Town

	channel approvals.Channel
	err     error
}

func (e elsewhere) Channel(context.Context, string) (approvals.Channel, error) {
	return e.channel, e.err
}

// TestWhere: wherever nobody could decide or everybody could read, nothing is asked for in any
// way, and the reason says which it is; what was asked for before is decided all the same.
func TestWhere(t *testing.T) {
	town := approvalstest.Town{People: map[string]approvals.Facts{
		"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second},
	}}
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
	old := failed(t, s)
	pending := pendingOn(t, s, approvalstest.DeviceNo(9))
	list := approvals.List{Users: []string{"U2", "U3"}}
	here := ruled(approvals.Rule{Approvers: list, Needed: 1})
	notHere, shared := here, here
	notHere.Channels, shared.AllowShared = []string{"C9"}, true
	id := old.Place.Channel
	for _, tt := range []struct {
		name   string
		policy approvals.Policy
		ch     approvals.Channel
		err    error
		direct bool
		want   approvals.Reason // "": it is taken there
	}{
		{name: "a channel", policy: here, ch: approvals.Channel{ID: id, Member: true}},
		{name: "a direct message", policy: here, ch: approvals.Channel{ID: id, Direct: true}, want: approvals.DirectMessage},
		{name: "a message among some that the bot is in", policy: here, ch: approvals.Channel{ID: id, Direct: true, Member: true}, want: approvals.DirectMessage},
		{name: "a message among some that the bot does not see", policy: here, ch: approvals.Channel{ID: id}, direct: true, want: approvals.DirectMessage},
		{name: "one that it may not look at", policy: here, err: approvalstest.ErrDown, direct: true, want: approvals.DirectMessage},
		{name: "not in it", policy: here, ch: approvals.Channel{ID: id}, want: approvals.NotInChannel},
		{name: "archived", policy: here, ch: approvals.Channel{ID: id, Member: true, Archived: true}, want: approvals.ChannelArchived},
		{name: "shared", policy: here, ch: approvals.Channel{ID: id, Member: true, Shared: true}, want: approvals.ChannelShared},
		{name: "shared, and allowed", policy: shared, ch: approvals.Channel{ID: id, Member: true, Shared: true}},
		{name: "another channel", policy: notHere, ch: approvals.Channel{ID: id, Member: true}, want: approvals.ChannelNotTaken},
		{name: "not known", policy: here, err: approvalstest.ErrDown, want: approvals.NotKnown},
	} {
		people := elsewhere{town, tt.ch, tt.err}
		d := newDeskFor(s, people, list)
		d.people.policy = tt.policy
		by := func(user string) By {
			by := pressed(user, old.Place)
			by.Direct = tt.direct
			return by
		}
		op := ledger.NewOp().ID
		for surface, do := range map[string]func() error{
			"command": func() error {
				b := by("U1")
				b.Op = op
				_, err := d.Ask(t.Context(), b, Wish{Action: "collect", Devices: []approvals.Device{{ID: approvalstest.DeviceNo(20).ID}}, Comment: "why"})
				return err
			},
			"form":       func() error { return d.MayAsk(t.Context(), by("U1")) },
			"same again": func() error { _, err := d.MayAskAgain(t.Context(), by("U1"), old.ID, old.Digest()); return err },
			"retry":      func() error { _, err := d.Retry(t.Context(), by("U1"), old.ID, old.Digest()); return err },
		} {
			err, want := do(), tt.want
			if (surface == "form" || surface == "same again") && want == approvals.NotKnown {
				want = "" // that is told when the form is sent
			}
			if want == "" && (approvals.IsRefusal(err, approvals.AlreadyOpen) || approvals.IsRefusal(err, approvals.AlreadyRetried)) {
				err = nil // a row before has made it: that is no matter of where
			}
			if want == "" && err != nil || want != "" && !approvals.IsRefusal(err, want) {
				t.Errorf("%s, %s: %v, want %q", tt.name, surface, err, want)
			}
		}
		if _, err := d.MayDeny(t.Context(), by("U2"), pending.ID, pending.Digest()); err != nil {
			t.Errorf("%s: what was asked for before cannot be decided: %v", tt.name, err)
		}
	}
}
