package office

import (
	"context"
	"fmt"
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

func (w *Worker) lookUp(ctx context.Context, d approvals.Device) (finding, error) {
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	if d.ID != "" {
		known, err := w.defender.Device(ctx, d.ID)
		return verified(known), err
	}
	return w.findByName(ctx, d)
}

func (w *Worker) findByName(ctx context.Context, d approvals.Device) (finding, error) {
	all, err := w.defender.DevicesNamed(ctx, d.Name)
	if err != nil {
		return finding{}, err
	}
	var live []defender.Device
	for _, known := range all {
		if onboarded(known.Onboarding) && verified(known).why.Reason == "" {
			live = append(live, known)
		}
	}
	switch {
	case len(live) == 1:
		return verified(live[0]), nil
	case len(live) > 1:
		return finding{why: approvals.Why{Reason: approvals.DeviceAmbiguous, Detail: d.Name + ": " + idsOf(live)}}, nil
	case len(all) > 0:
		return verified(all[0]), nil
	}
	return finding{}, &defender.Error{Op: "find device", Cause: defender.NoSuchDevice}
}

// mostIDs are as many ids as a sentence holds whole.
const mostIDs = 3

func idsOf(devices []defender.Device) string {
	var ids []string
	for _, d := range devices[:min(len(devices), mostIDs)] {
		ids = append(ids, d.ID)
	}
	text := strings.Join(ids, ", ")
	if more := len(devices) - len(ids); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// verified takes over what Defender says of a device. Records that were merged
// into another or are excluded would answer for a device that is not there.
func verified(d defender.Device) finding {
	switch {
	case d.MergedInto != "":
		return finding{why: approvals.Why{Reason: approvals.DeviceMerged, Detail: strings.TrimSpace(d.ID + ", now " + d.MergedInto + " " + d.Name)}}
	case d.Excluded:
		return finding{why: approvals.Why{Reason: approvals.DeviceExcluded, Detail: strings.TrimSpace(d.ID + " " + d.Name)}}
	}
	return finding{os: d.OS, version: d.OSVersion, device: approvals.Device{
		ID: d.ID, Name: d.Name, Verified: true, OS: strings.TrimSpace(d.OS + " " + d.OSVersion),
		Health: d.Health, Risk: d.Risk, Tags: d.Tags, LastSeen: d.LastSeen, Onboarding: offboard(d.Onboarding),
	}}
}

// offboard is what Defender says of how a device stands with it, unless that is as
// it should be.
func offboard(word string) string {
	if onboarded(word) {
		return ""
	}
	return word
}

func onboarded(word string) bool { return word == "" || strings.EqualFold(word, "onboarded") }
