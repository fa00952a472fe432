package bot

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/internal/slackfake"
	"defenderbot/internal/testclock"
)

// TestClockLead: the clock of this host and that of Slack are compared when the bot connects.
func TestClockLead(t *testing.T) {
	o := visit(t, slackfake.Options{})
	for _, want := range []time.Duration{0, 3 * time.Minute, -40 * time.Second} {
		w, err := NewWorkspace(t.Context(), WorkspaceConfig{
			APIURL: o.APIURL(), AppToken: o.AppToken(), BotToken: o.BotToken(), Clock: testclock.New(o.clock.Now().Add(want)).Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		if by, known := w.ClockLead(); !known || (by-want).Abs() > time.Second {
			t.Errorf("ahead by %v, known %v, want %v", by, known, want)
		}
	}
	for date, known := range map[string]bool{"": false, "now": false, asked.UTC().Format(http.TimeFormat): true} {
		if got := leadOver(date, asked); got.said != known || got.by.Abs() > time.Second {
			t.Errorf("Date %q: %+v, want known %v", date, got, known)
		}
	}
}

// TestRefusalsNameScopes: where a scope is missing at the start, the error names it.
func TestRefusalsNameScopes(t *testing.T) {
	o := visit(t, slackfake.Options{})
	o.SetScopes("commands", "chat:write", "users:read", "channels:read")
	_, err := o.slack.GroupNamed(t.Context(), "oncall")
	if err == nil || !strings.Contains(err.Error(), "missing_scope (needed: usergroups:read)") {
		t.Errorf("a handle without usergroups:read: %v", err)
	}
}
