package defender_test

import (
	"strings"
	"testing"

	"defenderbot/defender"
)

func TestPhases(t *testing.T) {
	const (
		unknown   = defender.PhaseUnknown
		open      = defender.PhaseOpen
		succeeded = defender.PhaseSucceeded
		failed    = defender.PhaseFailed
		cancelled = defender.PhaseCancelled
	)
	for tracking, phases := range map[defender.Tracking]map[string]defender.Phase{
		defender.TrackMachineActions: {
			"Pending": open, "InProgress": open, "Succeeded": succeeded, "Failed": failed, "TimeOut": failed,
			"Cancelled": cancelled, "Canceled": cancelled, "pending": open,
			"": unknown, "Invented": unknown, "Benign": unknown,
		},
		defender.TrackInvestigations: {
			"Unknown": unknown, "Terminated": cancelled, "SuccessfullyRemediated": succeeded, "Benign": succeeded,
			"Failed": failed, "PartiallyRemediated": succeeded, "Running": open, "PendingApproval": open,
			"PendingResource": open, "PartiallyInvestigated": succeeded, "TerminatedByUser": cancelled,
			"TerminatedBySystem": failed, "Queued": open, "InnerFailure": failed, "PreexistingAlert": failed,
			"UnsupportedOs": failed, "UnsupportedAlertType": failed, "SuppressedAlert": failed, "Disabled": failed,
			"": unknown, "Invented": unknown, "Succeeded": unknown,
		},
		defender.Tracking(""): {"Pending": unknown},
	} {
		for word, want := range phases {
			if got := defender.PhaseOf(tracking, word); got != want {
				t.Errorf("%v %q: phase %v, want %v", tracking, word, got, want)
			}
			says := defender.Explain(tracking, word)
			if !strings.HasSuffix(says, ".") {
				t.Errorf("%v %q: %q is no sentence", tracking, word, says)
			}
			known := want != unknown || word == "Unknown"
			if documented := !strings.Contains(says, "not in its documentation"); known && !documented {
				t.Errorf("%v %q: no sentence of its own: %q", tracking, word, says)
			}
		}
	}
}

// TestStages: what waits is said to wait, and what is paused says for whom.
func TestStages(t *testing.T) {
	for word, want := range map[string]defender.Stage{
		"Pending": defender.StageWaiting, "Queued": defender.StageWaiting, "queued": defender.StageWaiting,
		"PendingApproval": defender.StagePaused, "PendingResource": defender.StagePaused,
		"InProgress": defender.StageWorking, "Running": defender.StageWorking, "Invented": defender.StageWorking, "": defender.StageWorking,
	} {
		if got := defender.StageOf(word); got != want {
			t.Errorf("%q: stage %q, want %q", word, got, want)
		}
	}
}

// TestExplainUnknown shows Microsoft's word as it came, so that somebody can look it up.
func TestExplainUnknown(t *testing.T) {
	j := defender.Job{Tracks: defender.TrackInvestigations, Status: "Invented"}
	if got := j.Explain(); !strings.Contains(got, `"Invented"`) {
		t.Errorf("Explain = %q, want the word in it", got)
	}
}
