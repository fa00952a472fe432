package approvals_test

import (
	"slices"
	"strings"
	"testing"

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
