package bot

import (
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
)

// TestCardSeveralNamesPeople: on the line of a device a person is named, too.
func TestCardSeveralNamesPeople(t *testing.T) {
	r := approved("scan", ran(), approvals.Call{State: approvals.Lapsed, EndedAt: after(9), Why: approvals.Why{Reason: approvals.ApproverGone, Detail: grace}})
	r.State = approvals.Done
	_, text := views().card(r)
	if want := "not sent. <@" + grace + "> approved it, but is no longer an approver"; !strings.Contains(text, want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// TestSearchedUntil: an end of the search is promised only where one is known, and of several
// the last.
func TestSearchedUntil(t *testing.T) {
	c := approvals.Call{State: approvals.Uncertain, Attempt: 1, NotAfter: after(3)}
	late, blind, lost, runs := c, c, c, c
	late.NotAfter = after(4)
	blind.Blind = approvals.Why{Reason: approvals.NotReached}
	lost.NotAfter = time.Time{}
	runs.State = approvals.Running
	for _, tt := range []struct {
		name  string
		calls []approvals.Call
		want  time.Time
	}{
		{"one", []approvals.Call{c}, c.SearchedUntil()},
		{"the last of several", []approvals.Call{c, late, c}, late.SearchedUntil()},
		{"Defender cannot be asked", []approvals.Call{blind}, time.Time{}},
		{"not known when it was sent", []approvals.Call{lost}, time.Time{}},
		{"known to run", []approvals.Call{runs}, time.Time{}},
	} {
		if got := latest(tt.calls, searchedUntil); !got.Equal(tt.want) {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
