package approvals

import (
	"slices"
	"time"
)

// Name takes over what Defender says of a device that it could not be asked about when
// the request was made, for people to read. Which device it is was pinned, and stays.
type Name struct{ Device Device }

func (Name) name() string { return "name" }

func (e Name) line() (by Person, detail string) { return Person{}, e.Device.ID }

func (e Name) apply(r Request, _ time.Time) (Request, error) {
	i := slices.IndexFunc(r.Devices, func(d Device) bool { return d.ID != "" && d.ID == e.Device.ID && !d.Verified })
	if i < 0 || r.State != Approved || !e.Device.Verified {
		return r, Refuse(DoesNotFit, "no such device without a name")
	}
	named := e.Device
	named.Cautions = r.Devices[i].Cautions
	r.Devices = slices.Clone(r.Devices)
	r.Devices[i] = named
	return r, nil
}
