package approvals_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestClaimsOfAGroup: an action of a group holds its device for the whole group,
// and for itself: a row can gain a group while requests without one are open.
func TestClaimsOfAGroup(t *testing.T) {
	for group, want := range map[string][]string{"": {"open/collect/"}, "containment": {"open/collect/", "open/containment/"}} {
		r := approvalstest.Sample(approvals.Pending, "")
		r.Terms.Excludes = group
		var got []string
		for _, c := range approvals.Claims(r) {
			if prefix, is := strings.CutSuffix(c.Member(), approvalstest.HexID+"/"+r.ID); is && c.Alone {
				got = append(got, prefix)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("group %q: holds %q, want %q", group, got, want)
		}
	}
}

// TestClaimsListed: a request is on the lists of its person and of its channel while it is
// open, and on those of what has ended afterwards, by the one key of the person; what does not
// exist, or is forgotten, is on none.
func TestClaimsListed(t *testing.T) {
	const asked, ended = "1772334000000/D-7K3F9Q", "1772334060000/D-7K3F9Q"
	open := []string{"by/W1/open/" + asked, "in/C1/" + asked}
	over := []string{"by/W1/ended/" + ended, "ended/" + ended}
	want := map[approvals.State][]string{
		"": nil, approvals.Checking: open, approvals.Pending: open, approvals.Approved: open,
		approvals.Done: over, approvals.Denied: over, approvals.Cancelled: over, approvals.Expired: over, approvals.Rejected: over,
	}
	for _, state := range append(approvals.States(), "") {
		for _, call := range approvals.CallStates() {
			r := approvalstest.Sample(state, call)
			r.By.Enterprise = "W1"
			var got []string
			for _, c := range approvals.Claims(r) {
				if kind, _, _ := strings.Cut(c.Prefix, "/"); slices.Contains([]string{"by", "in", "ended"}, kind) {
					got = append(got, c.Member())
				}
				if c.Alone && !slices.Contains([]string{"open", "again", "job"}, c.Prefix[:strings.Index(c.Prefix, "/")]) {
					t.Errorf("%s: only one may hold %s", state, c.Prefix)
				}
			}
			if diff := cmp.Diff(want[state], got); diff != "" {
				t.Errorf("%q, its call %s (-want +got):\n%s", state, call, diff)
			}
		}
	}
}

// TestByPrefixes: a person is looked for under all their ids.
func TestByPrefixes(t *testing.T) {
	open, ended := approvals.ByPrefixes(approvals.Person{ID: "U1", Enterprise: "W1"})
	got, want := append(open, ended...), []string{"by/U1/open/", "by/W1/open/", "by/U1/ended/", "by/W1/ended/"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
