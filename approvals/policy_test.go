package approvals_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

func member(id string) approvals.Facts {
	return approvals.Facts{Person: approvals.Person{ID: id}, Asks: true, Decides: true}
}

// barredBy is r, for which somebody asked before.
func barredBy(id string, r approvals.Request) approvals.Request {
	r.Barred = []approvals.Person{{ID: id}}
	return r
}

// TestPolicyMay: who may ask, decide, cancel, retry, stop, fetch and pick.
func TestPolicyMay(t *testing.T) {
	with := func(change func(*approvals.Facts)) approvals.Facts {
		f := member("U2")
		change(&f)
		return f
	}
	in := approvals.Channel{ID: "C1", Member: true}
	r := approvalstest.Sample(approvals.Pending, "")
	grid := r
	grid.By.Enterprise = "W1"
	elsewhere := func(f *approvals.Facts) { f.Elsewhere = true }
	orgWide := approvals.Channel{ID: "C1", Member: true, OrgShared: true}
	off := approvals.Policy{ByAction: map[string]approvals.Rule{"collect": {Off: true}}, Channels: []string{"C1"}}
	for _, tt := range []struct {
		name   string
		policy approvals.Policy
		verb   approvals.Verb
		f      approvals.Facts
		ch     approvals.Channel
		r      approvals.Request
		want   approvals.Reason // "": may
	}{
		{"a member asks", approvals.Policy{}, approvals.ToAsk, member("U1"), in, approvals.Request{}, ""},
		{"a guest asks", approvals.Policy{}, approvals.ToAsk, with(func(f *approvals.Facts) { f.Guest = true }), in, approvals.Request{}, approvals.NotAMember},
		{"an external asks", approvals.Policy{}, approvals.ToAsk, with(func(f *approvals.Facts) { f.External = true }), in, approvals.Request{}, approvals.NotAMember},
		{"a bot asks", approvals.Policy{}, approvals.ToAsk, with(func(f *approvals.Facts) { f.Bot = true }), in, approvals.Request{}, approvals.NotAMember},
		{"a deactivated member asks", approvals.Policy{}, approvals.ToAsk, with(func(f *approvals.Facts) { f.Deleted = true }), in, approvals.Request{}, approvals.NotAMember},
		{"nobody asks", approvals.Policy{}, approvals.ToAsk, approvals.Facts{Asks: true, Decides: true}, in, approvals.Request{}, approvals.NotAMember},
		{"somebody not on the list asks", approvals.Policy{}, approvals.ToAsk, with(func(f *approvals.Facts) { f.Asks = false }), in, approvals.Request{}, approvals.NotARequester},
		{"in another channel", approvals.Policy{Channels: []string{"C9"}}, approvals.ToAsk, member("U1"), in, approvals.Request{}, approvals.ChannelNotTaken},
		{"in a channel of the list", approvals.Policy{Channels: []string{"C1"}}, approvals.ToAsk, member("U1"), in, approvals.Request{}, ""},
		{"where the bot is not", approvals.Policy{}, approvals.ToAsk, member("U1"), approvals.Channel{ID: "C1"}, approvals.Request{}, approvals.NotInChannel},
		{"in an archived channel", approvals.Policy{}, approvals.ToAsk, member("U1"), approvals.Channel{ID: "C1", Member: true, Archived: true}, approvals.Request{}, approvals.ChannelArchived},
		{"in a shared channel", approvals.Policy{}, approvals.ToAsk, member("U1"), approvals.Channel{ID: "C1", Member: true, Shared: true}, approvals.Request{}, approvals.ChannelShared},
		{"in a shared channel that is allowed", approvals.Policy{AllowShared: true}, approvals.ToAsk, member("U1"), approvals.Channel{ID: "C1", Member: true, Shared: true}, approvals.Request{}, ""},
		{"an approver approves", approvals.Policy{}, approvals.ToApprove, member("U2"), in, r, ""},
		{"the requester approves", approvals.Policy{}, approvals.ToApprove, member("U1"), in, r, approvals.OwnRequest},
		{"the requester denies", approvals.Policy{}, approvals.ToDeny, member("U1"), in, r, approvals.OwnRequest},
		{"the requester under another id of the grid", approvals.Policy{}, approvals.ToApprove, with(func(f *approvals.Facts) { f.Enterprise = "W1" }), in, grid, approvals.OwnRequest},
		{"the requester under the organisation's id alone", approvals.Policy{}, approvals.ToApprove, approvals.Facts{Person: approvals.Person{ID: "W1"}, Decides: true}, in, grid, approvals.OwnRequest},
		{"a colleague of another workspace approves", approvals.Policy{}, approvals.ToApprove, with(elsewhere), orgWide, r, approvals.NotAMember},
		{"the same where shared channels are allowed", approvals.Policy{AllowShared: true}, approvals.ToApprove, with(elsewhere), orgWide, r, ""},
		{"the same in a channel of this workspace alone", approvals.Policy{AllowShared: true}, approvals.ToApprove, with(elsewhere), in, r, approvals.NotAMember},
		{"the same where nobody looked the channel up", approvals.Policy{AllowShared: true}, approvals.ToApprove, with(elsewhere), approvals.Channel{}, r, approvals.NotAMember},
		{"a colleague of another workspace asks", approvals.Policy{AllowShared: true}, approvals.ToAsk, with(elsewhere), in, approvals.Request{}, approvals.NotAMember},
		{"the same in a channel of the organisation", approvals.Policy{AllowShared: true}, approvals.ToAsk, with(elsewhere), orgWide, approvals.Request{}, ""},
		{"a partner in a channel of the organisation", approvals.Policy{AllowShared: true}, approvals.ToAsk, with(func(f *approvals.Facts) { f.External = true }), orgWide, approvals.Request{}, approvals.NotAMember},
		{"somebody else approves", approvals.Policy{}, approvals.ToApprove, with(func(f *approvals.Facts) { f.Decides = false }), in, r, approvals.NotAnApprover},
		{"an external approver", approvals.Policy{}, approvals.ToApprove, with(func(f *approvals.Facts) { f.External = true }), in, r, approvals.NotAMember},
		{"a guest denies", approvals.Policy{}, approvals.ToDeny, with(func(f *approvals.Facts) { f.Guest = true }), in, r, approvals.NotAMember},
		{"the requester cancels", approvals.Policy{}, approvals.ToCancel, approvals.Facts{Person: approvalstest.Asker}, in, r, ""},
		{"an approver cancels", approvals.Policy{}, approvals.ToCancel, member("U2"), in, r, ""},
		{"somebody else cancels", approvals.Policy{}, approvals.ToCancel, approvals.Facts{Person: approvals.Person{ID: "U9"}}, in, r, approvals.NotYours},
		{"asking for what is off", off, approvals.ToAsk, member("U2"), in, approvals.Request{Action: "collect"}, approvals.ActionOff},
		{"asking for what is off, somebody who may not ask", off, approvals.ToAsk, with(func(f *approvals.Facts) { f.Asks = false }), in, approvals.Request{Action: "collect"}, approvals.ActionOff},
		{"asking for what is off, a guest", off, approvals.ToAsk, with(func(f *approvals.Facts) { f.Guest = true }), in, approvals.Request{Action: "collect"}, approvals.NotAMember},
		{"asking for what is off, in another channel", off, approvals.ToAsk, member("U2"), approvals.Channel{ID: "C2", Member: true}, approvals.Request{Action: "collect"}, approvals.ChannelNotTaken},
		{"asking for another action", off, approvals.ToAsk, member("U2"), in, approvals.Request{Action: "isolate"}, ""},
		{"approving what is off", off, approvals.ToApprove, member("U2"), in, r, approvals.ActionOff},
		{"approving what is off, the requester", off, approvals.ToApprove, member("U1"), in, r, approvals.OwnRequest},
		{"approving what is off, no approver", off, approvals.ToApprove, approvals.Facts{Person: approvals.Person{ID: "U9"}}, in, r, approvals.NotAnApprover},
		{"retrying what is off", off, approvals.ToRetry, member("U2"), in, r, approvals.ActionOff},
		{"retrying what is off, somebody else", off, approvals.ToRetry, approvals.Facts{Person: approvals.Person{ID: "U9"}}, in, r, approvals.NotYours},
		{"denying what is off", off, approvals.ToDeny, member("U2"), in, r, ""},
		{"cancelling what is off", off, approvals.ToCancel, member("U2"), in, r, ""},
		{"the requester fetches", approvals.Policy{}, approvals.ToFetch, approvals.Facts{Person: approvalstest.Asker}, in, r, ""},
		{"an approver fetches", approvals.Policy{}, approvals.ToFetch, member("U2"), in, r, ""},
		{"an approver fetches who asked before", approvals.Policy{}, approvals.ToFetch, member("U2"), in, barredBy("U2", r), ""},
		{"somebody else fetches", approvals.Policy{}, approvals.ToFetch, approvals.Facts{Person: approvals.Person{ID: "U9"}, Asks: true}, in, r, approvals.NotYours},
		{"a guest fetches", approvals.Policy{}, approvals.ToFetch, with(func(f *approvals.Facts) { f.Guest = true }), in, r, approvals.NotAMember},
		{"the requester picks", approvals.Policy{}, approvals.ToPick, approvals.Facts{Person: approvalstest.Asker}, in, r, ""},
		{"an approver picks", approvals.Policy{}, approvals.ToPick, member("U2"), in, r, approvals.NotYoursToPick},
		{"the requester picks, a guest by now", approvals.Policy{}, approvals.ToPick, approvals.Facts{Person: approvalstest.Asker, Guest: true}, in, r, approvals.NotAMember},
		{"an approver stops", approvals.Policy{}, approvals.ToStop, member("U2"), in, r, ""},
		{"the requester stops, who is an approver", approvals.Policy{}, approvals.ToStop, member("U1"), in, r, ""},
		{"the requester stops, who is none", approvals.Policy{}, approvals.ToStop, approvals.Facts{Person: approvalstest.Asker, Asks: true}, in, r, approvals.NotYoursToStop},
		{"somebody else stops", approvals.Policy{}, approvals.ToStop, approvals.Facts{Person: approvals.Person{ID: "U9"}, Asks: true}, in, r, approvals.NotYoursToStop},
		{"a guest stops", approvals.Policy{}, approvals.ToStop, with(func(f *approvals.Facts) { f.Guest = true }), in, r, approvals.NotAMember},
		{"the requester sees, elsewhere", approvals.Policy{}, approvals.ToSee, approvals.Facts{Person: approvalstest.Asker}, approvals.Channel{ID: "C9"}, r, ""},
		{"an approver sees, elsewhere", approvals.Policy{}, approvals.ToSee, member("U2"), approvals.Channel{ID: "C9"}, r, ""},
		{"an approver sees, nowhere", approvals.Policy{}, approvals.ToSee, member("U2"), approvals.Channel{}, r, ""},
		{"somebody sees, in its channel", approvals.Policy{}, approvals.ToSee, approvals.Facts{Person: approvals.Person{ID: "U9"}}, in, r, ""},
		{"somebody sees, elsewhere", approvals.Policy{}, approvals.ToSee, approvals.Facts{Person: approvals.Person{ID: "U9"}, Asks: true}, approvals.Channel{ID: "C9"}, r, approvals.NotYoursToSee},
		{"somebody sees, nowhere, what was made nowhere", approvals.Policy{}, approvals.ToSee, approvals.Facts{Person: approvals.Person{ID: "U9"}}, approvals.Channel{}, approvals.Request{By: r.By}, approvals.NotYoursToSee},
		{"a guest sees, in its channel", approvals.Policy{}, approvals.ToSee, with(func(f *approvals.Facts) { f.Guest = true }), in, r, approvals.NotAMember},
		{"a deactivated requester sees", approvals.Policy{}, approvals.ToSee, approvals.Facts{Person: approvalstest.Asker, Deleted: true}, in, r, approvals.NotAMember},
		{"somebody shows, in its channel", approvals.Policy{}, approvals.ToShow, approvals.Facts{Person: approvals.Person{ID: "U9"}}, in, r, ""},
		{"the requester shows, elsewhere", approvals.Policy{}, approvals.ToShow, approvals.Facts{Person: approvalstest.Asker, Decides: true}, approvals.Channel{ID: "C9"}, r, approvals.MadeElsewhere},
		{"a guest shows", approvals.Policy{}, approvals.ToShow, with(func(f *approvals.Facts) { f.Guest = true }), in, r, approvals.NotAMember},
		{"a member lists, of what is off too, anywhere", off, approvals.ToList, approvals.Facts{Person: approvals.Person{ID: "U9"}}, approvals.Channel{ID: "C9"}, approvals.Request{}, ""},
		{"an external lists", approvals.Policy{}, approvals.ToList, with(func(f *approvals.Facts) { f.External = true }), in, approvals.Request{}, approvals.NotAMember},
		{"a colleague of another workspace lists", approvals.Policy{AllowShared: true}, approvals.ToList, with(elsewhere), in, approvals.Request{}, approvals.NotAMember},
		{"an approver reports", approvals.Policy{}, approvals.ToReport, member("U2"), in, approvals.Request{}, ""},
		{"somebody else reports", approvals.Policy{}, approvals.ToReport, approvals.Facts{Person: approvals.Person{ID: "U9"}, Asks: true}, in, approvals.Request{}, approvals.OnlyApprovers},
		{"a bot reports", approvals.Policy{}, approvals.ToReport, with(func(f *approvals.Facts) { f.Bot = true }), in, approvals.Request{}, approvals.NotAMember},
		{"an unknown wish", approvals.Policy{}, approvals.Verb("own"), member("U2"), in, r, approvals.NotAMember},
	} {
		err := tt.policy.May(tt.verb, tt.f, tt.ch, tt.r)
		if tt.want == "" && err != nil || tt.want != "" && !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestPersonIs(t *testing.T) {
	for _, tt := range []struct {
		p, q approvals.Person
		want bool
	}{
		{approvals.Person{ID: "U1"}, approvals.Person{ID: "U1"}, true},
		{approvals.Person{ID: "U1"}, approvals.Person{ID: "U2"}, false},
		{approvals.Person{ID: "U1", Enterprise: "W1"}, approvals.Person{ID: "U2", Enterprise: "W1"}, true},
		{approvals.Person{ID: "U1", Enterprise: "W1"}, approvals.Person{ID: "W1"}, true},
		{approvals.Person{ID: "U1", Enterprise: "W1"}, approvals.Person{ID: "W2", Enterprise: "U1"}, true},
		{approvals.Person{ID: "U1", Enterprise: "W1"}, approvals.Person{ID: "U2", Enterprise: "W2"}, false},
		{approvals.Person{ID: "U1", Name: "ada"}, approvals.Person{ID: "U2", Name: "ada"}, false},
		{approvals.Person{}, approvals.Person{}, false},
	} {
		if tt.p.Is(tt.q) != tt.want || tt.q.Is(tt.p) != tt.want {
			t.Errorf("%+v and %+v: want that one is the other: %v", tt.p, tt.q, tt.want)
		}
	}
}

// TestPolicyRuleFor: the rule of an action is whole, and what is off is not on.
func TestPolicyRuleFor(t *testing.T) {
	all, seniors := approvals.List{Groups: []string{"S1"}}, approvals.List{Users: []string{"U3"}}
	p := approvals.Policy{
		Default: approvals.Rule{Approvers: all, Requesters: seniors, Needed: 1},
		ByAction: map[string]approvals.Rule{
			"isolate": {Approvers: seniors, Needed: 2}, "collect": {Approvers: all, Needed: 1}, "wipe": {Approvers: seniors, Needed: 3, Off: true},
		},
	}
	for action, want := range map[string]approvals.Rule{"isolate": p.ByAction["isolate"], "wipe": p.ByAction["wipe"], "of another version": p.Default} {
		if diff := cmp.Diff(want, p.RuleFor(action)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", action, diff)
		}
	}
	if got, want := p.On(), []string{"collect", "isolate"}; !slices.Equal(got, want) {
		t.Errorf("on are %q, want %q", got, want)
	}
}
