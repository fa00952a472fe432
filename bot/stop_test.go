package bot

import (
	"strings"
	"testing"

	"defenderbot/approvals"
)

// TestCardWhoStopped: a cancelled call is told as stopped by whoever pressed Stop only where
// Defender says so, or names nobody and can have had that stop.
func TestCardWhoStopped(t *testing.T) {
	const theirs, others = "asked for it, ", "asked for it to be stopped, "
	for name, tt := range map[string]struct {
		stop    string
		state   approvals.CallState
		details string // empty: Defender says nothing; "own": that it was this stop
		want    string
	}{
		"Defender says so":             {"taken", approvals.CallCancelled, "own", theirs},
		"it says nothing, taken":       {"taken", approvals.CallCancelled, "", theirs},
		"it says nothing, lost":        {"lost", approvals.CallCancelled, "", theirs},
		"it says nothing, never asked": {"asked", approvals.CallCancelled, "", "but it ended before Defender was asked"},
		"it says nothing, refused":     {"refused", approvals.CallCancelled, "", "which was refused"},
		"somebody else, taken":         {"taken", approvals.CallCancelled, "by ann", others},
		"somebody else, refused":       {"refused", approvals.CallCancelled, "by ann", "which was refused"},
		"it succeeded, taken":          {"taken", approvals.Succeeded, "", "too late"},
		"it succeeded, lost":           {"lost", approvals.Succeeded, "", "but no answer came"},
	} {
		c := stoppedAs(tt.state, "Cancelled", stops()[tt.stop])
		if tt.details != "own" {
			c.Job.Details = tt.details
		}
		text := drawn(done("collect", c)).Text
		if !strings.Contains(text, tt.want) || tt.want != theirs && strings.Contains(text, theirs) {
			t.Errorf("%s: want %q in\n%s", name, tt.want, text)
		}
		c.Job.Details = tt.details
		if brief := drawn(done("collect", c, c, c, c, c)).Text; tt.details == "by ann" && strings.Contains(brief, "asked for it.") {
			t.Errorf("%s: in few words, it is told as theirs\n%s", name, brief)
		}
	}
}
