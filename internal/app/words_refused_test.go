package app_test

import (
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"defenderbot/internal/sandbox"
)

// TestWordsRefused: each wrong id, request of somewhere else, request that has ended,
// missing permission and unknown device has a sentence of its own, and only whoever typed
// it sees that.
func TestWordsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, &txtar.Archive{}, "")
	oddDevices(s.p)
	for _, name := range []string{
		"ada types in #incident-42: /defender collect lt-ada.contoso.example odd logins", // D-1, open
		"#incident-42 shows D-1: Waiting for approval",
		"ada types in #incident-42: /defender collect srv-db-01.contoso.example odd logins", // D-2, done
		"#incident-42 shows D-2: Waiting for approval",
		"grace presses Approve on D-2",
		"#incident-42 shows D-2: Succeeded",
		"ada types in #incident-42: /defender scan kiosk-7 odd logins", // D-3, cancelled
		"#incident-42 shows D-3: Waiting for approval",
		"ada types in #incident-42: /defender cancel D-3",
		"#incident-42 shows D-3: Cancelled",
	} {
		s.reads(s.step(name))
	}
	posted := len(s.p.Slack.Messages(sandbox.Incident))
	seen := map[string]string{}
	for _, tt := range []struct{ step, want string }{
		{"ada types in #incident-42: /defender status D-ZZZZZZ", "no record of a request with that id"},
		{"ada types in #incident-42: /defender status D-ZZZZZ", "there should be 6 characters after D-, not 5"},
		{"ada types in #incident-42: /defender status D-ZZZZZU", "“U” is not used in request ids"},
		{"ada types in #incident-42: /defender cancel", "“cancel” needs the id of a request"},
		{"ada types in #incident-42: /defender cancel D-1 public", "“cancel” takes one request id"},
		{"ben types in #random: /defender status D-1", "made in another channel, so only its requester"},
		{"grace types in #random: /defender status D-1 public", "made in another channel, so I do not show it to everybody"},
		{"ben types in #incident-42: /defender cancel D-1", "Only the requester or an approver"},
		{"grace types in #random: /defender cancel D-1", "only its requester can cancel it from here"},
		{"ada types in #incident-42: /defender cancel D-2", "has already ended, so there is nothing to cancel"},
		{"ada types in #incident-42: /defender cancel D-3", "was already cancelled by"},
		{"gus types in #incident-42: /defender list", "Only full members"},
		{"ben types in #incident-42: /defender report", "Reports are for approvers"},
		{"ben types in #incident-42: /defender report 91d", "not how far back a report can go"},
		{"ben types in #incident-42: /defender history no-such-host", "does not know this device"},
		{"ben types in #incident-42: /defender history twin", "More than one device has this name"},
		{"ben types in #incident-42: /defender history 10.0.0.1", "is an IP address"},
		{"ben types in #incident-42: /defender history", "“history” needs a device"},
		{"ben types in #incident-42: /defender limits now", "“limits” takes nothing but “public”"},
	} {
		got := s.step(tt.step)
		if strings.HasPrefix(got, "Looking up") {
			who, _, _ := strings.Cut(tt.step, " ")
			got = s.step(who + " is told: " + tt.want)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %q, want %q in it", tt.step, got, tt.want)
		}
		if before, twice := seen[got]; twice {
			t.Errorf("%s: says the same as %s", tt.step, before)
		}
		seen[got] = tt.step
	}
	if now := s.p.Slack.Messages(sandbox.Incident); len(now) != posted {
		t.Errorf("everybody sees %d more messages", len(now)-posted)
	}
}
