package approvals

import (
	"context"
	"errors"
	"slices"
	"testing"
)

// town is a Directory of people by id.
type town struct {
	people map[string]Facts
	groups map[string][]string
	down   bool
}

var errTownDown = errors.New("slack is down")

func (d town) Facts(_ context.Context, user string) (Facts, error) {
	f, ok := d.people[user]
	if d.down || !ok {
		return Facts{}, errTownDown
	}
	return f, nil
}

func (d town) Channel(_ context.Context, id string) (Channel, error) {
	return Channel{ID: id, Member: true}, nil
}

func (d town) Members(_ context.Context, group string) ([]string, error) {
	members, ok := d.groups[group]
	if d.down || !ok {
		return nil, errTownDown
	}
	return members, nil
}

func member(id string) Facts { return Facts{Person: Person{ID: id}, Asks: true, Decides: true} }

func TestWhoMayDoWhat(t *testing.T) {
	with := func(change func(*Facts)) Facts {
		f := member("U2")
		change(&f)
		return f
	}
	in := Channel{ID: "C1", Member: true}
	r := sample(Pending, "")
	grid := r
	grid.By.Enterprise = "W1"
	for _, tt := range []struct {
		name   string
		policy Policy
		verb   Verb
		f      Facts
		ch     Channel
		r      Request
		want   Reason // "": may
	}{
		{"a member asks", Policy{}, ToAsk, member("U1"), in, Request{}, ""},
		{"a guest asks", Policy{}, ToAsk, with(func(f *Facts) { f.Guest = true }), in, Request{}, NotAMember},
		{"an external asks", Policy{}, ToAsk, with(func(f *Facts) { f.External = true }), in, Request{}, NotAMember},
		{"a bot asks", Policy{}, ToAsk, with(func(f *Facts) { f.Bot = true }), in, Request{}, NotAMember},
		{"a deactivated member asks", Policy{}, ToAsk, with(func(f *Facts) { f.Deleted = true }), in, Request{}, NotAMember},
		{"nobody asks", Policy{}, ToAsk, Facts{Asks: true, Decides: true}, in, Request{}, NotAMember},
		{"somebody not on the list asks", Policy{}, ToAsk, with(func(f *Facts) { f.Asks = false }), in, Request{}, NotARequester},
		{"in another channel", Policy{Channels: []string{"C9"}}, ToAsk, member("U1"), in, Request{}, ChannelNotTaken},
		{"in a channel of the list", Policy{Channels: []string{"C1"}}, ToAsk, member("U1"), in, Request{}, ""},
		{"where the bot is not", Policy{}, ToAsk, member("U1"), Channel{ID: "C1"}, Request{}, NotInChannel},
		{"in an archived channel", Policy{}, ToAsk, member("U1"), Channel{ID: "C1", Member: true, Archived: true}, Request{}, ChannelArchived},
		{"in a shared channel", Policy{}, ToAsk, member("U1"), Channel{ID: "C1", Member: true, Shared: true}, Request{}, ChannelShared},
		{"in a shared channel that is allowed", Policy{AllowShared: true}, ToAsk, member("U1"), Channel{ID: "C1", Member: true, Shared: true}, Request{}, ""},
		{"an approver approves", Policy{}, ToApprove, member("U2"), in, r, ""},
		{"the requester approves", Policy{}, ToApprove, member("U1"), in, r, OwnRequest},
		{"the requester denies", Policy{}, ToDeny, member("U1"), in, r, OwnRequest},
		{"the requester under another id of the grid", Policy{}, ToApprove, with(func(f *Facts) { f.Enterprise = "W1" }), in, grid, OwnRequest},
		{"somebody else approves", Policy{}, ToApprove, with(func(f *Facts) { f.Decides = false }), in, r, NotAnApprover},
		{"an external approver", Policy{}, ToApprove, with(func(f *Facts) { f.External = true }), in, r, NotAMember},
		{"a guest denies", Policy{}, ToDeny, with(func(f *Facts) { f.Guest = true }), in, r, NotAMember},
		{"the requester cancels", Policy{}, ToCancel, Facts{Person: asker}, in, r, ""},
		{"an approver cancels", Policy{}, ToCancel, member("U2"), in, r, ""},
		{"somebody else cancels", Policy{}, ToCancel, Facts{Person: Person{ID: "U9"}}, in, r, NotYours},
		{"an unknown wish", Policy{}, Verb("own"), member("U2"), in, r, NotAMember},
	} {
		err := tt.policy.May(tt.verb, tt.f, tt.ch, tt.r)
		if tt.want == "" && err != nil || tt.want != "" && !isNo(err, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestFactsFailClosed(t *testing.T) {
	d := town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}}, groups: map[string][]string{"S1": {"U2"}}}
	p := Policy{Approvers: List{Groups: []string{"S1"}}, Requesters: List{Users: []string{"U1"}}}
	for _, tt := range []struct {
		user          string
		asks, decides bool
	}{{"U1", true, false}, {"U2", false, true}} {
		f, err := p.facts(t.Context(), d, tt.user)
		if err != nil || f.Asks != tt.asks || f.Decides != tt.decides {
			t.Errorf("%s: asks %v, decides %v, %v", tt.user, f.Asks, f.Decides, err)
		}
	}
	d.groups = nil
	if f, err := p.facts(t.Context(), d, "U2"); err == nil || f.Decides {
		t.Errorf("a group that cannot be looked up: decides %v, %v", f.Decides, err)
	}
	d.down = true
	if f, err := p.facts(t.Context(), d, "U1"); err == nil || f.Asks {
		t.Errorf("slack is down: asks %v, %v", f.Asks, err)
	}
	if f, err := (Policy{}).facts(t.Context(), town{people: d.people}, "U2"); err != nil || f.Decides {
		t.Errorf("without a list of approvers: decides %v, %v", f.Decides, err)
	}
}

func TestEnoughOthersMustExist(t *testing.T) {
	for _, tt := range []struct {
		everybody []string
		needed    int
		ok        bool
	}{
		{[]string{"U2"}, 1, true},
		{[]string{"U1"}, 1, false},
		{[]string{"U1", "U2"}, 2, false},
		{[]string{"U1", "U2", "U3"}, 2, true},
		{nil, 1, false},
	} {
		before := slices.Clone(tt.everybody)
		if err := enough(tt.everybody, asker, tt.needed); (err == nil) != tt.ok {
			t.Errorf("%v, %d needed: %v", tt.everybody, tt.needed, err)
		}
		if !slices.Equal(before, tt.everybody) {
			t.Errorf("the list was changed to %v", tt.everybody)
		}
	}
}

func TestNeededByAction(t *testing.T) {
	p := Policy{Needed: 1, NeededFor: map[string]int{"isolate": 2}}
	if got := p.needed("isolate"); got != 2 {
		t.Errorf("isolate: %d, want 2", got)
	}
	if got := p.needed("collect"); got != 1 {
		t.Errorf("collect: %d, want 1", got)
	}
}
