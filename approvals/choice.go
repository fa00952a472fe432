package approvals

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Choice is a device that the requester has to choose, because its name fits several.
// It is over as soon as one is chosen, or the request ends.
type Choice struct {
	Device  int       `json:"device"`          // which of the request's devices
	Offered []Device  `json:"offered"`         // what Defender has by that name
	At      time.Time `json:"at"`              // since when
	Asked   bool      `json:"asked,omitempty"` // the requester has been shown them
}

// MostOffered is how many devices somebody can choose from: as many as a menu of Slack
// has (https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element).
const MostOffered = 100

// Chooses reports whether r waits for its requester to choose a device. A version from
// before that leaves a choice in what it goes on with, where it means nothing.
func (r Request) Chooses() bool { return r.State == Checking && len(r.Choice.Offered) > 0 }

// CheckedFrom is from when on the devices of r are looked up: since it was asked for, or
// since one was chosen.
func (r Request) CheckedFrom() time.Time { return latest(r.Asked, r.Resumed) }

// ChoiceEnds is when an open choice is given up.
func (r Request) ChoiceEnds() time.Time { return r.Choice.At.Add(choiceLimit) }

// validateChoice wants of an open choice what a click on it builds on.
func (r Request) validateChoice() error {
	c := r.Choice
	if !r.Chooses() {
		return nil
	}
	nameless := func(d Device) bool { return d.ID == "" }
	if c.Device < 0 || c.Device >= len(r.Devices) || r.Devices[c.Device].ID != "" || c.At.IsZero() ||
		len(c.Offered) > MostOffered || slices.ContainsFunc(c.Offered, nameless) {
		return errors.New("what there is to choose contradicts it")
	}
	return nil
}

// Offer opens a choice: a name fits several devices.
type Offer struct {
	Device  int
	Offered []Device
}

func (Offer) name() string                { return "offer" }
func (Offer) touches() (face, trail bool) { return false, true }

func (e Offer) line() (by Person, detail string) {
	return Person{}, fmt.Sprintf("device %d: %d to choose from", e.Device+1, len(e.Offered))
}

func (e Offer) apply(r Request, now time.Time) (Request, error) {
	if r.State != Checking || r.Chooses() || len(e.Offered) == 0 {
		return r, Refuse(DoesNotFit, "offer in "+string(r.State))
	}
	r.Choice = Choice{Device: e.Device, Offered: e.Offered, At: now}
	if r.validateChoice() != nil {
		return r, Refuse(DoesNotFit, "nothing to choose from")
	}
	return r, nil
}

// Offered records that the requester was shown what there is to choose from. At is which
// choice that was: when it was opened.
type Offered struct{ At time.Time }

func (Offered) name() string                     { return "offered" }
func (Offered) line() (by Person, detail string) { return Person{}, "" }
func (Offered) touches() (face, trail bool)      { return false, false }

func (e Offered) apply(r Request, _ time.Time) (Request, error) {
	if !r.Chooses() || !r.Choice.At.Equal(e.At) {
		return r, Refuse(DoesNotFit, "nothing is offered")
	}
	r.Choice.Asked = true
	return r, nil
}

// Pick chooses the device that a name stands for. The request goes on being checked.
type Pick struct {
	By     Person
	Device int    // which of the request's devices
	ID     string // what is chosen for it
}

func (Pick) name() string                       { return "pick" }
func (e Pick) line() (by Person, detail string) { return e.By, e.ID }
func (Pick) touches() (face, trail bool)        { return false, true }

func (e Pick) apply(r Request, now time.Time) (Request, error) {
	if err := e.refused(r, now); err != nil {
		return r, err
	}
	i := slices.IndexFunc(r.Choice.Offered, func(d Device) bool { return d.ID == e.ID })
	r.Devices = slices.Clone(r.Devices)
	r.Devices[e.Device].ID, r.Devices[e.Device].Name = e.ID, r.Choice.Offered[i].Name
	r.Choice, r.Resumed = Choice{}, now
	return r, nil
}

// refused is why a pick does not count. Each cause has its own words.
func (e Pick) refused(r Request, now time.Time) error {
	named := e.Device >= 0 && e.Device < len(r.Devices)
	switch {
	case !r.By.Is(e.By):
		return Refuse(NotYoursToPick, "")
	case r.State.Ended() || r.State == "":
		return Refuse(PickEnded, r.ID)
	case named && r.Devices[e.Device].ID != "":
		return Refuse(AlreadyPicked, r.Devices[e.Device].ID)
	case !r.Chooses() || r.Choice.Device != e.Device || !slices.ContainsFunc(r.Choice.Offered, func(d Device) bool { return d.ID == e.ID }):
		return Refuse(NotOffered, "")
	case !now.Before(r.ChoiceEnds()):
		return Refuse(PickTooLate, "")
	}
	return nil
}
