package app

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestDoctorClock: seconds apart are well, half a minute is not, and nobody guesses.
func TestDoctorClock(t *testing.T) {
	for _, tt := range []struct {
		lead  time.Duration
		known bool
		grade Grade
		says  string
	}{
		{0, true, Well, "agree on the time"},
		{mostApart, true, Well, "agree on the time"},
		{-mostApart - time.Second, true, Doubt, "31s behind Slack's"},
		{5 * time.Minute, true, Doubt, "5m0s ahead of Slack's"},
		{0, false, Unknown, "has not said what time it is"},
	} {
		got := slackClock(tt.lead, tt.known)
		if len(got) != 1 || got[0].Grade != tt.grade || !strings.Contains(got[0].Says, tt.says) || (got[0].Mend == "") != (tt.grade == Well) {
			t.Errorf("%v, known %v: %+v", tt.lead, tt.known, got)
		}
	}
}

// TestDoctorScopesUnsaid: where Slack does not name the scopes, none is missed.
func TestDoctorScopesUnsaid(t *testing.T) {
	if got := scopes(nil); len(got) != 1 || got[0].Grade != Unknown || got[0].Mend == "" {
		t.Errorf("%+v", got)
	}
}

// TestDoctorExams: one that needs a check that failed is not made, and a mistake in one is
// a finding and ends nothing.
func TestDoctorExams(t *testing.T) {
	well := func(context.Context) []Finding { return []Finding{{About: "c", Grade: Well}} }
	exams := []exam{
		{"a", "broken", func(context.Context) []Finding { panic("it is made") }},
		{"b", "", func(context.Context) []Finding { panic("a mistake") }},
		{"c", "sound", well},
	}
	var got []Finding
	look(t.Context(), exams, map[string]bool{"broken": true, "sound": false}, func(f Finding) { got = append(got, f) })
	if len(got) != 3 || got[0].Grade != Unknown || !strings.Contains(got[0].Says, "until broken is ok") ||
		got[1].About != "b" || got[1].Grade != Doubt || !strings.Contains(got[1].Says, "a mistake") || got[2].Grade != Well {
		t.Errorf("%+v", got)
	}
}
