package defender

import (
	"fmt"
	"strings"
)

// Phase is what a status means for whoever waits.
type Phase string

const (
	// PhaseUnknown is a status that this program does not know, or none at all. The
	// lists are open: Microsoft may add words. Whether it has ended is not known
	// either, unless [Job.Ended] is set.
	PhaseUnknown Phase = ""
	// PhaseOpen is not ended yet: ask again.
	PhaseOpen Phase = "open"
	// PhaseSucceeded has ended and did what it should.
	PhaseSucceeded Phase = "succeeded"
	// PhaseFailed has ended without doing what it should.
	PhaseFailed Phase = "failed"
	// PhaseCancelled was stopped by somebody or something.
	PhaseCancelled Phase = "cancelled"
)

// status is one of Microsoft's words, what it means, and a sentence for a responder.
type status struct {
	word  string
	phase Phase
	says  string
}

// PhaseOf says what a status means. Case does not matter; a word that is not known
// is [PhaseUnknown].
func PhaseOf(t Tracking, word string) Phase {
	s, _ := find(t, word)
	return s.phase
}

// Explain says a status in a sentence for a responder, every documented one and any
// other too.
func Explain(t Tracking, word string) string {
	if s, ok := find(t, word); ok {
		return s.says
	}
	if word == "" {
		return "Defender gave no status yet."
	}
	return fmt.Sprintf("Defender reports %q, which is not in its documentation; check the portal.", word)
}

// Explain says the status of the job in a sentence.
func (j Job) Explain() string { return Explain(j.Tracks, j.Status) }

// Queued reports whether Defender has taken an investigation and not begun with it. A
// machine action is at the device's disposal at once.
func (j Job) Queued() bool {
	return j.Tracks == TrackInvestigations && strings.EqualFold(j.Status, "Queued")
}

// Stage is what keeps a job that has not ended.
type Stage string

const (
	// StageWorking is being worked on, or nobody says what it waits for.
	StageWorking Stage = ""
	// StageWaiting is with Defender, and neither it nor the device has begun.
	StageWaiting Stage = "waiting"
	// StagePaused goes on when somebody has approved a remediation, or the device is back.
	StagePaused Stage = "paused"
)

// StageOf returns what a status says of what a job waits for. No word of a machine action
// and of an investigation is the same here.
func StageOf(word string) Stage {
	switch strings.ToLower(word) {
	case "pending", "queued":
		return StageWaiting
	case "pendingapproval", "pendingresource":
		return StagePaused
	}
	return StageWorking
}

// find returns the row of a status.
func find(t Tracking, word string) (status, bool) {
	for _, s := range statuses(t) {
		if strings.EqualFold(s.word, word) {
			return s, true
		}
	}
	return status{}, false
}

// statuses returns the documented words of one kind.
func statuses(t Tracking) []status {
	switch t {
	case TrackMachineActions:
		return machineActionStatuses()
	case TrackInvestigations:
		return investigationStates()
	default:
		return nil
	}
}

// machineActionStatuses is the list of
// https://learn.microsoft.com/defender-endpoint/api/machineaction. Older pages spell
// Canceled with one l.
func machineActionStatuses() []status {
	return []status{
		{"Pending", PhaseOpen, "The device has not picked it up yet; one that is offline gets it when it is back."},
		{"InProgress", PhaseOpen, "The device is working on it."},
		{"Succeeded", PhaseSucceeded, "Finished."},
		{"Failed", PhaseFailed, "It failed on the device; a low battery or a metered connection can be the reason."},
		{"TimeOut", PhaseFailed, "The device did not answer in time."},
		{"Cancelled", PhaseCancelled, "Somebody cancelled it."},
		{"Canceled", PhaseCancelled, "Somebody cancelled it."},
	}
}

// investigationStates is the list of
// https://learn.microsoft.com/defender-endpoint/api/investigation, and Disabled, which
// only the service's own contract names. Which of them have ended is not documented;
// the rows follow the words and https://learn.microsoft.com/defender-endpoint/autoir-investigation-results.
func investigationStates() []status {
	return []status{
		{"Unknown", PhaseUnknown, "Defender does not say how it stands; check the portal."},
		{"Queued", PhaseOpen, "Waiting in Defender's queue."},
		{"Running", PhaseOpen, "Defender is examining the device."},
		{"PendingApproval", PhaseOpen, "Paused: somebody has to approve a remediation in the Action center, within 7 days."},
		{"PendingResource", PhaseOpen, "Paused: a remediation waits for approval, or the device cannot be reached for now."},
		{"Benign", PhaseSucceeded, "No threats were found."},
		{"SuccessfullyRemediated", PhaseSucceeded, "Threats were found and remediated."},
		{"PartiallyRemediated", PhaseSucceeded, "Threats were found, and not all of them could be remediated; see the investigation in the portal."},
		{"PartiallyInvestigated", PhaseSucceeded, "Not everything could be examined; see the investigation in the portal."},
		{"Terminated", PhaseCancelled, "It was stopped before its end."},
		{"TerminatedByUser", PhaseCancelled, "Somebody stopped it before its end."},
		{"TerminatedBySystem", PhaseFailed, "Defender stopped it; an approval that nobody gave for 7 days does this."},
		{"Failed", PhaseFailed, "At least one part of the examination ran into a problem."},
		{"InnerFailure", PhaseFailed, "Defender ran into an internal problem."},
		{"PreexistingAlert", PhaseFailed, "Not run: an investigation for the same alert exists already."},
		{"UnsupportedOs", PhaseFailed, "Not run: the device's operating system does not support it."},
		{"UnsupportedAlertType", PhaseFailed, "Not run: Defender does not investigate this type of alert."},
		{"SuppressedAlert", PhaseFailed, "Not run: the alert behind it is suppressed."},
		{"Disabled", PhaseFailed, "Not run: automated investigation is switched off for the device."},
	}
}
