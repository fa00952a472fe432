package office

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

func TestRosterCounts(t *testing.T) {
	none := approvals.Person{ID: "U1"}
	for name, tt := range map[string]struct {
		users  []string
		by     approvals.Person
		shared bool // ALLOW_SHARED_CHANNELS
		needed int
		want   approvals.Reason // "": enough
		others []approvals.Bar
	}{
		"another member":                       {[]string{"U2"}, none, false, 1, "", nil},
		"the requester alone":                  {[]string{"U1"}, none, false, 1, approvals.NobodyElse, nil},
		"too few of two":                       {[]string{"U1", "U2"}, none, false, 2, approvals.NobodyElse, nil},
		"enough of three":                      {[]string{"U1", "U2", "U3"}, none, false, 2, "", nil},
		"nobody":                               {nil, none, false, 1, approvals.NobodyElse, nil},
		"a guest and nobody at all":            {[]string{"UGUEST", "UNONE"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsGuest, approvals.IsNobody}},
		"a bot, somebody gone, a partner":      {[]string{"UBOT", "UGONE", "UOUT"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsBot, approvals.IsGone, approvals.IsExternal}},
		"one of them can":                      {[]string{"UBOT", "UGONE", "UOUT", "U2"}, none, false, 1, "", nil},
		"a colleague of another workspace":     {[]string{"USIS"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsElsewhere}},
		"the same in a channel that lets them": {[]string{"USIS"}, none, true, 1, "", nil},
		"twins":                                {[]string{"UKIM", "WKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin}},
		"twins in two workspaces":              {[]string{"ULEE", "UKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin}},
		"three ids of one":                     {[]string{"WKIM", "ULEE", "UKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin, approvals.IsTwin}},
		"a twin and another":                   {[]string{"UKIM", "WKIM", "U2"}, none, false, 2, "", nil},
		"the requester's other id":             {[]string{"WKIM"}, approvals.Person{ID: "UKIM", Enterprise: "WKIM"}, false, 1, approvals.NobodyElse, nil},
		"the requester seen by the other id":   {[]string{"UKIM"}, approvals.Person{ID: "WKIM"}, false, 1, approvals.NobodyElse, nil},
	} {
		p := ruled(approvals.Rule{Approvers: approvals.List{Users: tt.users}, Needed: 1})
		p.AllowShared = tt.shared
		for _, known := range []bool{false, true} {
			r, _ := newRoster(newCrowd(), p)
			if known {
				r.refresh(t.Context(), 0)
			}
			err := r.enough(t.Context(), roll{ids: tt.users}, []approvals.Person{tt.by}, approvals.Channel{OrgShared: tt.shared}, tt.needed)
			if tt.want == "" && err != nil || tt.want != "" && !approvals.IsRefusal(err, tt.want) {
				t.Errorf("%s, known before %v: %v, want %q", name, known, err, tt.want)
				continue
			}
			var others []approvals.Bar
			if refused, ok := approvals.AsRefusal(err); ok {
				for _, o := range refused.Others {
					others = append(others, o.Bar)
				}
			}
			slices.Sort(others)
			slices.Sort(tt.others)
			if diff := cmp.Diff(tt.others, others); diff != "" {
				t.Errorf("%s, known before %v, who does not count (-want +got):\n%s", name, known, diff)
			}
		}
	}
}

// TestRosterNotKnown cannot find out about people: that is no refusal for want
// of approvers, and takes nothing away of what was known.
func TestRosterNotKnown(t *testing.T) {
	ids := []string{"U2", "UNONE"}
	c := newCrowd()
	c.broken["U2"] = approvalstest.ErrDown
	r, b := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: ids, Groups: []string{"S1"}}, Needed: 1}))
	r.refresh(t.Context(), 0)
	err := r.enough(t.Context(), roll{ids: ids}, []approvals.Person{{ID: "U1"}}, approvals.Channel{}, 1)
	if refused, ok := approvals.AsRefusal(err); !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, approvalstest.ErrDown) || !ok || len(refused.Others) != 1 || refused.Others[0].ID != "U2" {
		t.Errorf("nobody could be looked up: %v", err)
	}
	if err := r.State().TooFew(); err != nil {
		t.Errorf("not for certain: %v", err)
	}
	delete(c.broken, "U2")
	c.broken["S1"] = approvalstest.ErrDown
	c.groups["S1"] = nil
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 || !strings.Contains(s.String(), "S1: a user group that could not be read: slack is down") {
		t.Errorf("a group that cannot be read: %+v", s)
	}
	b.read()
	c.broken["U2"] = approvalstest.ErrDown
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 {
		t.Errorf("somebody who could not be looked up again does not count any more: %+v", s)
	}
	if got := b.read(); !strings.Contains(got, "approver refresh failed") || !strings.Contains(got, "slack is down") {
		t.Errorf("the log does not say so: %q", got)
	}
	r.refresh(t.Context(), 0)
	if got := b.read(); got != "" {
		t.Errorf("it is said again: %q", got)
	}
	delete(c.people, "U2")
	delete(c.broken, "U2")
	r.refresh(t.Context(), 0)
	if err := r.State().TooFew(); err != nil {
		t.Errorf("with a group that cannot be read it is never certain: %v", err)
	}
}

func TestRosterTooFew(t *testing.T) {
	c := newCrowd()
	c.groups["S1"], c.groups["S2"] = []string{"UBOT"}, nil
	list := approvals.List{Users: []string{"UNONE", "UGUEST", "U2"}, Groups: []string{"S1", "S2"}}
	bot := approvals.List{Users: []string{"UBOT"}}
	const nothing = "APPROVERS: nothing can be approved, because fewer people may decide than are needed (APPROVALS_REQUIRED): "
	for name, tt := range map[string]struct {
		rules map[string]approvals.Rule
		short []string
		want  string
	}{
		"one is enough":    {map[string]approvals.Rule{"collect": {Approvers: list, Needed: 1}}, nil, ""},
		"one for collect":  {map[string]approvals.Rule{"isolate": {Approvers: list, Needed: 2}, "collect": {Approvers: list, Needed: 1}}, []string{"isolate (1 of 2)"}, ""},
		"none for isolate": {map[string]approvals.Rule{"isolate": {Approvers: bot, Needed: 1}, "collect": {Approvers: list, Needed: 1}}, []string{"isolate (0 of 1)"}, ""},
		"isolate is off":   {map[string]approvals.Rule{"isolate": {Approvers: bot, Needed: 1, Off: true}, "collect": {Approvers: list, Needed: 1}}, nil, ""},
		"collect is off":   {map[string]approvals.Rule{"isolate": {Approvers: bot, Needed: 1}, "collect": {Approvers: list, Needed: 1, Off: true}}, []string{"isolate (0 of 1)"}, nothing + "isolate (0 of 1): UBOT: a bot"},
		"none for anything": {
			map[string]approvals.Rule{"isolate": {Approvers: bot, Needed: 1}, "collect": {Approvers: list, Needed: 2}},
			[]string{"collect (1 of 2)", "isolate (0 of 1)"},
			nothing + "collect (1 of 2), isolate (0 of 1): S2: a user group without active members; UBOT: a bot; gus (UGUEST): a guest; UNONE: no such user",
		},
	} {
		r, _ := newRoster(c, approvals.Policy{ByAction: tt.rules})
		r.refresh(t.Context(), 0)
		if err := r.State().TooFew(); tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if got := r.State().Short; !slices.Equal(got, tt.short) {
			t.Errorf("%s: short of approvers are %q, want %q", name, got, tt.short)
		}
	}
}

// TestRosterCost has a list of which nobody may decide and nobody is
// known: one request costs a limited number of look-ups, the next goes on
// where it stopped, and a 429 ends it.
func TestRosterCost(t *testing.T) {
	c := newCrowd()
	c.join("S1", 2*mostLookUps, func(f *approvals.Facts) { f.Guest = true })
	p := ruled(approvals.Rule{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1})
	r, _ := newRoster(c, p)
	r.readGroups(t.Context(), []string{"S1"})
	ask := func() error {
		return r.enough(t.Context(), (people{c, p}).approvers(t.Context(), "collect"), []approvals.Person{{ID: "U1"}}, approvals.Channel{}, 1)
	}
	start := time.Now()
	if err := ask(); !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, errNotAsked) || c.since(start) != mostLookUps {
		t.Errorf("%d look-ups for one request: %v", c.since(start), err)
	}
	if err := ask(); !approvals.IsRefusal(err, approvals.NobodyElse) || c.since(start) != 2*mostLookUps {
		t.Errorf("%d look-ups for two: %v", c.since(start), err)
	}
	r, _ = newRoster(c, p)
	for id := range c.people {
		c.broken[id] = &approvals.Later{After: time.Minute}
	}
	err := ask()
	if later, is := errors.AsType[*approvals.Later](err); !approvals.IsRefusal(err, approvals.NotKnown) || !is || later.After != time.Minute || c.since(start) > 2*mostLookUps+lookUpsAtOnce {
		t.Errorf("%d look-ups though Slack wants to be left alone: %v", c.since(start)-2*mostLookUps, err)
	}
}

// TestRosterWarnsOnce tells the log of each person and cause once.
func TestRosterWarnsOnce(t *testing.T) {
	c := newCrowd()
	c.groups["S1"] = []string{"U2", "U3"}
	r, b := newRoster(c, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"UGUEST", "UNONE"}, Groups: []string{"S1"}}, Needed: 1}))
	lines := func(want ...string) {
		t.Helper()
		r.refresh(t.Context(), 0)
		got := b.read()
		if n := strings.Count(got, "\n"); n != len(want) {
			t.Errorf("%d lines, want %d: %s", n, len(want), got)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the log says %s, want %q", got, w)
			}
		}
	}
	lines(`who="gus (UGUEST)" why="a guest"`, `who=UNONE why="no such user"`)
	lines()
	c.people["UGUEST"] = approvals.Facts{Person: approvals.Person{ID: "UGUEST", Name: "gus"}, Deleted: true}
	lines(`who="gus (UGUEST)" why=deactivated`)
	c.people["UNONE"] = approvals.Facts{Person: approvals.Person{ID: "UNONE"}}
	c.people["U3"] = approvals.Facts{Person: approvals.Person{ID: "U3"}, Guest: true}
	lines(`who=UNONE`, `who=U3 why="a guest"`)
	c.groups["S1"] = []string{"U2"} // U3 leaves
	lines(`who=U3`)
	if r.Counts("UGUEST") || !r.Counts("UNONE") || !r.Counts("U2") {
		t.Errorf("who counts: %+v", r.State())
	}
}
