package defender

import (
	"strings"
	"time"
)

// Job is what an action became: a machine action or an investigation, in one shape.
type Job struct {
	// Tracks says which of the two it is.
	Tracks Tracking
	// ID is the id it is asked for by: opaque, and for an investigation perhaps the id
	// of an alert.
	ID string
	// AlertID is the alert behind an investigation. Defender answers to it as an id too,
	// so two jobs with one AlertID are one investigation.
	AlertID string
	// Type and Scope are those of a machine action; empty for an investigation.
	Type, Scope string
	// DeviceID is lower case.
	DeviceID string
	// Status is Microsoft's word as it came; [Explain] says it in a sentence.
	Status string
	// Phase is what Status means.
	Phase Phase
	// Details is what Defender adds to the status, if anything.
	Details string
	// Requestor is who asked, as Defender saw it: for this program its application's id
	// or name. Empty for an investigation.
	Requestor string
	// Comment is the comment it was started with; empty for an investigation. A POST may
	// answer with an older action that is still pending: its comment tells.
	Comment string
	// Created is zero where Defender did not say.
	Created time.Time
	// Ended is zero while it is open, or where Defender did not say.
	Ended time.Time
}

// Says is what the job is and who started it, in a few words for people. Without a scope
// it does not guess one.
func (j Job) Says() string {
	parts := []string{j.Type}
	if j.Scope != "" {
		parts = append(parts, j.Scope)
	}
	if j.Requestor != "" {
		parts = append(parts, "started by "+j.Requestor)
	}
	return tidy(strings.Join(parts, ", "), "")
}
