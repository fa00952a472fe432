package office

import (
	"context"
	"errors"
	"slices"
	"strconv"
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
	switch {
	case errors.Is(err, defender.ErrTooMany):
		return tooMany(d.Name, "more than 1000"), nil
	case err != nil:
		return finding{}, err
	}
	var live []defender.Device
	for _, known := range all {
		if onboarded(known.Onboarding) && verified(known).why.Reason == "" {
			live = append(live, known)
		}
	}
	live = defender.Exactly(live, d.Name)
	switch {
	case len(live) == 1:
		return verified(live[0]), nil
	case len(live) > approvals.MostOffered:
		return tooMany(d.Name, strconv.Itoa(len(live))), nil
	case len(live) > 1:
		return finding{several: allOf(live)}, nil
	case len(all) > 0:
		return verified(all[0]), nil
	}
	return finding{}, &defender.Error{Op: "find device", Cause: defender.NoSuchDevice}
}

// tooMany is the finding of a name that more devices have than anybody could choose from.
func tooMany(name, count string) finding {
	return finding{why: approvals.Why{Reason: approvals.DevicesTooMany, Detail: name + ", " + count + " devices"}}
}

// allOf are devices to choose from: of each what it is chosen by, since the record holds up
// to a hundred of them.
func allOf(found []defender.Device) []approvals.Device {
	list := make([]approvals.Device, len(found))
	for i, d := range found {
		whole := verified(d).device
		list[i] = approvals.Device{ID: whole.ID, Name: whole.Name, Verified: whole.Verified, OS: whole.OS, Health: whole.Health, LastSeen: whole.LastSeen}
	}
	return list
}

// mostNear are as many names as help whoever mistyped one.
const mostNear = 5

// near is what begins like a name that no device has; nil: nothing, or it cannot be known
// now. Nobody waits for it.
func (w *Worker) near(ctx context.Context, by approvals.Person, name string) *approvals.Why {
	at, err := w.store.BookReads(ctx, defender.MachinesEndpoint(), 1, ledger.ForPerson(by))
	if err != nil || !at.IsZero() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	found, err := w.defender.DevicesLike(ctx, name, mostNear)
	w.backOff(ctx, defender.MachinesEndpoint(), err)
	var names []string
	for _, d := range found {
		if !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &approvals.Why{Reason: approvals.NearNames, Detail: strings.Join(names, ", ")}
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
