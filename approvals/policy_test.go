package approvals

import (
	"context"
	"errors"
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
	elsewhere := func(f *Facts) { f.Elsewhere = true }
	orgWide := Channel{ID: "C1", Member: true, OrgShared: true}
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
		{"the requester under the organisation's id alone", Policy{}, ToApprove, Facts{Person: Person{ID: "W1"}, Decides: true}, in, grid, OwnRequest},
		{"a colleague of another workspace approves", Policy{}, ToApprove, with(elsewhere), orgWide, r, NotAMember},
		{"the same where shared channels are allowed", Policy{AllowShared: true}, ToApprove, with(elsewhere), orgWide, r, ""},
		{"the same in a channel of this workspace alone", Policy{AllowShared: true}, ToApprove, with(elsewhere), in, r, NotAMember},
		{"the same where nobody looked the channel up", Policy{AllowShared: true}, ToApprove, with(elsewhere), Channel{}, r, NotAMember},
		{"a colleague of another workspace asks", Policy{AllowShared: true}, ToAsk, with(elsewhere), in, Request{}, NotAMember},
		{"the same in a channel of the organisation", Policy{AllowShared: true}, ToAsk, with(elsewhere), orgWide, Request{}, ""},
		{"a partner in a channel of the organisation", Policy{AllowShared: true}, ToAsk, with(func(f *Facts) { f.External = true }), orgWide, Request{}, NotAMember},
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
	p := Policy{Approvers: List{Groups: []string{"S1"}}, Requesters: List{Users: []string{"U1"}, Groups: []string{"S2"}}}
	for _, tt := range []struct {
		user          string
		v             Verb
		asks, decides bool
	}{
		{"U1", ToAsk, true, false},
		{"U1", ToApprove, false, false},
		{"U2", ToApprove, false, true},
		{"U2", ToDeny, false, true},
		{"U2", ToCancel, false, false}, // not asked yet
		{"U2", ToRetry, false, false},
	} {
		f, err := p.facts(t.Context(), d, tt.user, tt.v)
		if err != nil || f.Asks != tt.asks || f.Decides != tt.decides {
			t.Errorf("%s, to %s: asks %v, decides %v, %v", tt.user, tt.v, f.Asks, f.Decides, err)
		}
	}
	if f, err := p.facts(t.Context(), d, "U2", ToAsk); err == nil || f.Asks {
		t.Errorf("a group of requesters that cannot be read: asks %v, %v", f.Asks, err)
	}
	d.groups = nil
	if f, err := p.facts(t.Context(), d, "U2", ToApprove); err == nil || f.Decides {
		t.Errorf("a group that cannot be read: decides %v, %v", f.Decides, err)
	}
	d.down = true
	for _, v := range []Verb{ToAsk, ToApprove, ToDeny, ToCancel, ToRetry} {
		if f, err := p.facts(t.Context(), d, "U1", v); err == nil || f.Asks || f.Decides {
			t.Errorf("slack is down, to %s: %+v, %v", v, f, err)
		}
	}
	if f, err := (Policy{}).facts(t.Context(), town{people: d.people}, "U2", ToApprove); err != nil || f.Decides {
		t.Errorf("without a list of approvers: decides %v, %v", f.Decides, err)
	}
}

// TestFactsGroupGone has a group of approvers that cannot be read: only whoever
// has to be an approver, and is not found elsewhere on the list, meets it.
func TestFactsGroupGone(t *testing.T) {
	gone := Person{ID: "U8"}
	d := town{
		people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}, "U8": {Person: gone, Deleted: true}},
		groups: map[string][]string{"S2": {"U2"}},
	}
	p := Policy{Approvers: List{Users: []string{"U3"}, Groups: []string{"S1", "S2"}}}
	r := sample(Pending, "")
	if asks, err := p.stillAsks(t.Context(), d, r); !asks || err != nil {
		t.Errorf("the requester still asks: %v, %v", asks, err)
	}
	for _, user := range []string{"U2", "U3"} { // by the other group, by id
		if f, err := p.facts(t.Context(), d, user, ToApprove); !f.Decides || err != nil {
			t.Errorf("%s decides: %v, %v", user, f.Decides, err)
		}
	}
	if f, err := p.facts(t.Context(), d, "U1", ToApprove); f.Decides || !errors.Is(err, errTownDown) {
		t.Errorf("somebody who could be in the group decides: %v, %v", f.Decides, err)
	}
	if f, err := p.facts(t.Context(), d, "U8", ToApprove); err != nil || !isNo(p.May(ToApprove, f, Channel{}, r), NotAMember) {
		t.Errorf("somebody who may do nothing: %+v, %v", f, err)
	}
	if f, err := p.involve(t.Context(), d, Facts{Person: asker}, r); err != nil || p.May(ToCancel, f, Channel{}, r) != nil {
		t.Errorf("the requester cancels: %v", err)
	}
	if f, err := p.involve(t.Context(), d, Facts{Person: Person{ID: "U9"}}, r); !errors.Is(err, errTownDown) || f.Decides {
		t.Errorf("somebody else cancels: %v, %v", f.Decides, err)
	}
}

func TestPersonIs(t *testing.T) {
	for _, tt := range []struct {
		p, q Person
		want bool
	}{
		{Person{ID: "U1"}, Person{ID: "U1"}, true},
		{Person{ID: "U1"}, Person{ID: "U2"}, false},
		{Person{ID: "U1", Enterprise: "W1"}, Person{ID: "U2", Enterprise: "W1"}, true},
		{Person{ID: "U1", Enterprise: "W1"}, Person{ID: "W1"}, true},
		{Person{ID: "U1", Enterprise: "W1"}, Person{ID: "W2", Enterprise: "U1"}, true},
		{Person{ID: "U1", Enterprise: "W1"}, Person{ID: "U2", Enterprise: "W2"}, false},
		{Person{ID: "U1", Name: "ada"}, Person{ID: "U2", Name: "ada"}, false},
		{Person{}, Person{}, false},
	} {
		if tt.p.Is(tt.q) != tt.want || tt.q.Is(tt.p) != tt.want {
			t.Errorf("%+v and %+v: want that one is the other: %v", tt.p, tt.q, tt.want)
		}
	}
}

func TestListHasEveryIDOfAPerson(t *testing.T) {
	d := town{groups: map[string][]string{"S1": {"W1"}}}
	p := Person{ID: "U1", Enterprise: "W1"}
	for _, l := range []List{{Users: []string{"U1"}}, {Users: []string{"W1"}}, {Groups: []string{"S1"}}} {
		if ok, err := l.has(t.Context(), d, p); !ok || err != nil {
			t.Errorf("%+v: %v, %v", l, ok, err)
		}
	}
	if ok, err := (List{Users: []string{""}}).has(t.Context(), d, Person{ID: "U1"}); ok || err != nil {
		t.Errorf("an empty entry is somebody: %v, %v", ok, err)
	}
}

// TestNoSuchPersonIsAKnownNo tells the two ways apart in which there are no facts.
func TestNoSuchPersonIsAKnownNo(t *testing.T) {
	d := newCrowd()
	p := Policy{Approvers: List{Users: []string{"U0NOBODY"}}}
	f, err := p.facts(t.Context(), d, "U0NOBODY", ToApprove)
	if err != nil || !isNo(p.May(ToApprove, f, Channel{}, sample(Pending, "")), NotAMember) {
		t.Errorf("somebody who does not exist: %+v, %v", f, err)
	}
	d.broken["U0NOBODY"] = errTownDown
	if _, err := p.facts(t.Context(), d, "U0NOBODY", ToApprove); !errors.Is(err, errTownDown) {
		t.Errorf("when Slack is down: %v", err)
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
