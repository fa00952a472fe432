package approvals_test

import (
	"slices"
	"testing"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestClaimsOfAGroup: an action of a group holds its device for the whole group,
// and one of none as versions without groups wrote it.
func TestClaimsOfAGroup(t *testing.T) {
	for group, want := range map[string]string{"": "open/collect/", "containment": "open/containment/"} {
		r := approvalstest.Sample(approvals.Pending, "")
		r.Terms.Excludes = group
		want := want + approvalstest.HexID + "/" + r.ID
		if !slices.ContainsFunc(approvals.Claims(r), func(c approvals.Claim) bool { return c.Member() == want && c.Alone }) {
			t.Errorf("group %q: %+v holds no %s", group, approvals.Claims(r), want)
		}
	}
}
