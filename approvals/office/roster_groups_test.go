package office

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestRosterListsApart has a list for one action beside that for the others: each is
// counted by itself, whatever is known of the other.
func TestRosterListsApart(t *testing.T) {
	c := newCrowd()
	c.groups["S1"], c.groups["S2"] = []string{"U2", "UKIM"}, []string{"UGUEST"}
	c.broken["S3"] = approvalstest.ErrDown
	r, b := newRoster(c, approvals.Policy{ByAction: map[string]approvals.Rule{
		"collect": {Approvers: approvals.List{Groups: []string{"S1", "S3"}}, Needed: 4},
		"isolate": {Approvers: approvals.List{Users: []string{"WKIM", "U3"}, Groups: []string{"S2"}}, Needed: 3, Requesters: approvals.List{Groups: []string{"S4"}}},
		"wipe":    {Approvers: approvals.List{Users: []string{"UGONE"}, Groups: []string{"S5"}}, Needed: 1, Off: true, Requesters: approvals.List{Groups: []string{"S6"}}},
	}})
	r.Muster(t.Context())
	s := r.State()
	if s.Able != 3 || !slices.Equal(s.Short, []string{"isolate (2 of 3)"}) || s.TooFew() != nil || s.NobodyAsks() != nil {
		t.Errorf("%d may decide, short are %q, %v, %v; want 3 (Kim is one), isolate, and nothing certain of collect", s.Able, s.Short, s.TooFew(), s.NobodyAsks())
	}
	if c.asked["UGONE"]+c.asked["S5"]+c.asked["S6"] != 0 {
		t.Errorf("for an action that is off %v were asked about", c.asked)
	}
	if s.String() != "S3: a user group that could not be read: slack is down; gus (UGUEST): a guest" || s.Askers() != "S4: a user group without active members" {
		t.Errorf("not counted: %s; %s", s, s.Askers())
	}
	if !r.Counts("UKIM") || !r.Counts("WKIM") || r.Counts("UGUEST") {
		t.Error("each id of Kim's counts on its list, and a guest does not")
	}
	if got := b.read(); !strings.Contains(got, `actions="isolate (2 of 3)"`) {
		t.Errorf("the log says %s", got)
	}
	delete(c.broken, "S3")
	r.catchUp(t.Context(), 0)
	if s := r.State(); s.TooFew() == nil || len(s.Short) != 2 {
		t.Errorf("when all is known: %v, %q", s.TooFew(), s.Short)
	}
}

// TestRosterGroupUnread has a group that cannot be read for a while beside people
// by id: who can be counted is counted, and only where they are too few it
// matters that nobody knows who else there is.
func TestRosterGroupUnread(t *testing.T) {
	c := newCrowd()
	c.groups["S2"], c.broken["S1"] = []string{"U3"}, approvalstest.ErrDown
	p := ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}, Groups: []string{"S1", "S2"}}, Needed: 1})
	r, _ := newRoster(c, p)
	ask := func(needed int) error {
		return r.enough(t.Context(), (people{c, p}).approvers(t.Context(), "collect"), []approvals.Person{{ID: "U1"}}, approvals.Channel{}, needed)
	}
	if err := ask(2); err != nil {
		t.Errorf("two could be read and may: %v", err)
	}
	for _, needed := range []int{3, 30} { // nobody knows how many are in the group
		err := ask(needed)
		refused, ok := approvals.AsRefusal(err)
		if !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, approvalstest.ErrDown) || !ok || len(refused.Others) != 1 || refused.Others[0].ID != "S1" {
			t.Errorf("%d needed: %v", needed, err)
		}
	}
	c.broken["S1"] = &approvals.Withheld{Err: approvalstest.ErrDown}
	err := ask(3)
	refused, ok := approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.NobodyElse) || !ok || len(refused.Others) != 1 || refused.Others[0].Bar != approvals.IsRefused {
		t.Errorf("a group that is refused: %v", err)
	}
}

// TestRosterRefused has what Slack refuses and would refuse again: nobody counts
// by it, and that is certain.
func TestRosterRefused(t *testing.T) {
	c := newCrowd()
	c.groups["S1"] = []string{"U3"}
	list := approvals.List{Users: []string{"U2"}, Groups: []string{"S1"}}
	r, b := newRoster(c, ruled(approvals.Rule{Approvers: list, Needed: 1}))
	c.broken["U2"], c.broken["S1"] = &approvals.Withheld{Err: approvalstest.ErrDown}, &approvals.Withheld{Err: approvalstest.ErrDown}
	r.Muster(t.Context())
	const want = "APPROVERS: nothing can be approved, because fewer people may decide than are needed (APPROVALS_REQUIRED): collect (0 of 1): " +
		"S1: a user group that Slack refuses: slack is down; U2: somebody whom Slack refuses to show: users.info of U2: slack is down"
	if err := r.State().TooFew(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := b.read(); strings.Count(got, "does not count") != 2 || r.Counts("S1") || r.Counts("U2") {
		t.Errorf("the log says %s", got)
	}
	delete(c.broken, "S1")
	r.catchUp(t.Context(), 0)
	if c.asked["S1"] != 1 || c.asked["U2"] != 1 {
		t.Errorf("what is certain was asked again: %v", c.asked)
	}
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 || s.TooFew() != nil {
		t.Errorf("after the group was mended: %+v", s)
	}
	c.broken["S1"], c.broken["U3"] = &approvals.Withheld{Err: approvalstest.ErrDown}, approvalstest.ErrDown // gone, with whom it gave
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 0 || s.TooFew() == nil {
		t.Errorf("after the group was deleted: %+v", s)
	}
}
