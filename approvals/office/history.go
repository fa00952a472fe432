package office

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// History is what was asked for a device, newest first.
type History struct {
	Device approvals.Device
	Listing
}

// History is what was asked for a device, by its id, or by its name: then Defender is asked
// whose that is.
func (d *Desk) History(ctx context.Context, by By, device approvals.Device) (History, error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil {
		return History{}, err
	}
	if device.ID == "" {
		if device, err = d.named(ctx, who.f.Person, device.Name); err != nil {
			return History{}, err
		}
	}
	device.ID = strings.ToLower(device.ID)
	list, err := d.find(ctx, who, d.store.AskedFor(device.ID), mostListed)
	if err != nil {
		return History{}, err
	}
	for _, r := range list.Requests { // it is shown under the name that it had last
		i := slices.IndexFunc(r.Devices, func(known approvals.Device) bool { return known.ID == device.ID })
		if device.Name == "" && i >= 0 {
			device = r.Devices[i]
		}
	}
	return History{device, list}, nil
}

// named is the one device of a name, as Defender knows it. That it cannot be asked, and that
// there are several or none, is a *Refusal.
func (d *Desk) named(ctx context.Context, by approvals.Person, name string) (approvals.Device, error) {
	endpoint, reads := defender.MachinesEndpoint(), 1
	if !strings.Contains(name, ".") {
		reads = 2
	}
	at, err := d.store.BookReads(ctx, endpoint, reads, ledger.ForPerson(by))
	if err != nil {
		return approvals.Device{}, fmt.Errorf("%w: %w", approvals.ErrNotRead, err)
	}
	if !at.IsZero() {
		return approvals.Device{}, nameUnread(name, approvals.Why{Reason: approvals.ReadsUsedUp, Until: at}, nil)
	}
	reading, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	all, err := d.defender.DevicesNamed(reading, name)
	d.backOff(ctx, endpoint, err)
	switch {
	case errors.Is(err, defender.ErrTooMany):
		return approvals.Device{}, approvals.Refuse(approvals.DevicesTooMany, name+", more than 1000 devices")
	case err != nil:
		return approvals.Device{}, nameUnread(name, whyOf(err), err)
	}
	return oneOf(all, name)
}

func nameUnread(name string, cause approvals.Why, err error) error {
	return &approvals.Refusal{Why: approvals.Why{Reason: approvals.NameUnread, Detail: name, Cause: &cause}, Err: err}
}

// oneOf is the device that a name means: the only one that is still in use, or the only one.
func oneOf(all []defender.Device, name string) (approvals.Device, error) {
	live := slices.DeleteFunc(slices.Clone(all), func(known defender.Device) bool {
		return !onboarded(known.Onboarding) || verified(known).why.Reason != ""
	})
	if len(live) == 0 {
		live = all
	}
	switch live = defender.Exactly(live, name); len(live) {
	case 0:
		return approvals.Device{}, approvals.Refuse(approvals.DeviceNotFound, name)
	case 1:
		return approvals.Device{ID: live[0].ID, Name: live[0].Name}, nil
	}
	return approvals.Device{}, approvals.Refuse(approvals.DeviceAmbiguous, name+": "+idsOf(live))
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
