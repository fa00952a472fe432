package bot

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/slackfake"
)

// TestGroupFacts: who changed a group and when, and who can, is what Slack says; what it
// does not say is not made up.
func TestGroupFacts(t *testing.T) {
	o := visit(t, slackfake.Options{})
	at := time.Unix(1772334000, 0)
	for _, g := range []slackfake.Group{
		{ID: "S1", Handle: "oncall", Members: []string{grace}, UpdatedBy: ada, Updated: at},
		{ID: "S2", Handle: "synced", Members: []string{grace}, IDP: true},
		{ID: "S3", Handle: "locked", Members: []string{grace}, Locked: true},
		{ID: "S4", Handle: "empty", UpdatedBy: ada, Updated: at},
	} {
		o.AddGroup(g)
	}
	for _, want := range []approvals.Group{
		{ID: "S1", Members: []string{grace}, ChangedBy: ada, Changed: at},
		{ID: "S2", Members: []string{grace}, Managed: true},
		{ID: "S3", Members: []string{grace}, Locked: true},
		{ID: "S4", Members: []string{}, ChangedBy: ada, Changed: at},
	} {
		got, err := o.slack.Group(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", want.ID, err, diff)
		}
	}
}
