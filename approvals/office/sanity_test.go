package office

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestTooFewNamed: where too few people other than the requester could approve, each entry is
// named with why it does not count: to whoever asks, and at the start to whoever runs it.
func TestTooFewNamed(t *testing.T) {
	c := newCrowd()
	c.groups["SNONE"] = nil
	c.broken["SOFF"] = &approvals.Withheld{Err: approvalstest.ErrDown}
	c.broken["U7"] = &approvals.Withheld{Err: approvalstest.ErrDown}
	list := approvals.List{
		Users:  []string{"U1", "UGUEST", "UBOT", "UGONE", "UOUT", "USIS", "UNOBODY", "UKIM", "ULEE", "U7"},
		Groups: []string{"SNONE", "SOFF"},
	}
	want := []string{
		"SNONE: a user group without active members", "SOFF: a user group that Slack refuses: slack is down",
		"U7: somebody whom Slack refuses to show: users.info of U7: slack is down", "UBOT: a bot", "UGONE: deactivated", "ULEE: another id of somebody already on the list",
		"UNOBODY: no such user", "UOUT: of another organisation", "USIS: of another workspace of the organisation", "gus (UGUEST): a guest",
	}
	p := ruled(approvals.Rule{Approvers: list, Needed: 3})
	r, b := newRoster(c, p)
	r.Muster(t.Context())
	if got := strings.Split(r.State().String(), "; "); !slices.Equal(sortedTexts(got), want) {
		t.Errorf("at the start: %q", got)
	}
	if err := r.State().TooFew(); err == nil || !strings.Contains(err.Error(), "collect (2 of 3)") || !strings.Contains(err.Error(), "gus (UGUEST): a guest") {
		t.Errorf("at the start: %v", err)
	}
	logged := b.read()
	for _, entry := range want {
		who, why, _ := strings.Cut(entry, ": ")
		if !strings.Contains(logged, who) || !strings.Contains(logged, why) {
			t.Errorf("the log does not say %q", entry)
		}
	}
	err := r.enough(t.Context(), (people{c, p}).approvers(t.Context(), "collect"), []approvals.Person{{ID: "U1"}}, approvals.Channel{}, 2)
	refused, is := approvals.AsRefusal(err)
	if !is || refused.Why.Reason != approvals.NobodyElse {
		t.Fatalf("when somebody asks: %v", err)
	}
	var others []string
	for _, s := range refused.Others {
		others = append(others, s.String())
	}
	if !slices.Equal(sortedTexts(others), want) {
		t.Errorf("whoever asks hears of %q", others)
	}
}

func sortedTexts(list []string) []string { return slices.Sorted(slices.Values(list)) }

// TestRosterOpen: groups that decide and that everybody may be able to edit are known, and the
// log says so once, when all were read.
func TestRosterOpen(t *testing.T) {
	c := newCrowd()
	for _, group := range []string{"S1", "S2", "S3", "S4", "S5", "S6"} {
		c.groups[group] = []string{"U2"}
	}
	for _, group := range []string{"S1", "S4", "S5", "S6"} {
		c.about[group] = approvals.Group{}
	}
	c.about["S2"], c.about["S3"] = approvals.Group{Locked: true}, approvals.Group{Managed: true}
	c.broken["S5"] = approvalstest.ErrDown
	r, b := newRoster(c, ruled(approvals.Rule{
		Approvers: approvals.List{Groups: []string{"S1", "S2", "S3", "S5"}}, EscalateTo: approvals.List{Groups: []string{"S4"}},
		Requesters: approvals.List{Groups: []string{"S6"}}, Needed: 1,
	}))
	r.Muster(t.Context())
	if got := r.State().Open; !slices.Equal(got, []string{"S1", "S4"}) {
		t.Errorf("open are %v", got)
	}
	r.refresh(t.Context(), time.Nanosecond)
	if got := b.read(); strings.Count(got, "may be open to edits") != 1 || !strings.Contains(got, `groups="S1, S4"`) {
		t.Errorf("the log says %s", got)
	}
	c.change(func() { c.about["S1"], c.about["S4"] = approvals.Group{Locked: true}, approvals.Group{Managed: true} })
	r.refresh(t.Context(), time.Nanosecond)
	if got := r.State().Open; len(got) != 0 {
		t.Errorf("when they are locked: %v", got)
	}
}
