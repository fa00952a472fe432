package defender

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Device is what Defender calls a machine. What Defender did not say is empty.
// See https://learn.microsoft.com/defender-endpoint/api/machine.
type Device struct {
	// ID is 40 (or 32) lower-case hex digits.
	ID string
	// Name is the host name, with its domain if it has one.
	Name string
	// OS is a word such as "Windows11"; OSVersion one such as "23H2".
	OS, OSVersion string
	// Health is "Active", "Inactive", "ImpairedCommunication", "NoSensorData",
	// "NoSensorDataImpairedCommunication", "Unknown", or a word to come.
	Health string
	// Onboarding is "Onboarded", "CanBeOnboarded", "Unsupported" or "InsufficientInfo",
	// in any case.
	Onboarding string
	// Risk is "None", "Informational", "Low", "Medium" or "High".
	Risk string
	// Tags are the labels people gave it.
	Tags []string
	// LastSeen is the time of its last full report, about once in 24 hours. The portal
	// shows another value.
	LastSeen time.Time
	// MergedInto is the id of the device that has replaced this record, if any.
	MergedInto string
	// Excluded is set when somebody excluded it from Defender's view.
	Excluded bool
}

// machine is a device as the API writes it.
type machine struct {
	ID         text   `json:"id"`
	Name       text   `json:"computerDnsName"`
	OS         text   `json:"osPlatform"`
	Version    text   `json:"version"`
	OSVersion  text   `json:"osVersion"`
	Health     text   `json:"healthStatus"`
	Onboarding text   `json:"onboardingStatus"`
	Risk       text   `json:"riskScore"`
	Tags       labels `json:"machineTags"`
	LastSeen   stamp  `json:"lastSeen"`
	MergedInto text   `json:"mergedIntoMachineId"`
	Excluded   flag   `json:"isExcluded"`
}

// device turns it into the shape of this package.
func (m machine) device() Device {
	version := m.Version
	if version == "" {
		version = m.OSVersion
	}
	return Device{
		ID:         strings.ToLower(string(m.ID)),
		Name:       string(m.Name),
		OS:         string(m.OS),
		OSVersion:  string(version),
		Health:     string(m.Health),
		Onboarding: string(m.Onboarding),
		Risk:       string(m.Risk),
		Tags:       m.Tags,
		LastSeen:   m.LastSeen.Time,
		MergedInto: strings.ToLower(string(m.MergedInto)),
		Excluded:   bool(m.Excluded),
	}
}

// Device returns the device with that id, 40 or 32 hex digits in any case. The API takes
// a computer's name in the same place, so an answer about another id is an error with
// [BadAnswer]. A device that is not there is [NoSuchDevice].
// See https://learn.microsoft.com/defender-endpoint/api/get-machine-by-id.
func (c *Client) Device(ctx context.Context, id string) (Device, error) {
	q := readDevice()
	id = strings.ToLower(id)
	if !pinned.MatchString(id) {
		return Device{}, &Error{Op: q.op, Cause: NotSent, Err: errors.New("a device id has 40 or 32 hex digits")}
	}
	var m machine
	if err := c.get(ctx, q, "/api/machines/"+url.PathEscape(id), &m); err != nil {
		return Device{}, err
	}
	d := m.device()
	if d.ID != id {
		return Device{}, &Error{Op: q.op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the answer is about another device")}
	}
	return d, nil
}

// DevicesNamed returns the devices whose name is name, or whose name without its domain
// is, if name has no dot; last seen first. Case does not matter. No device is no error,
// and a list that is not whole is one: the name could be of another device as well.
// It takes one read for a name with a dot, and two for one without.
// See https://learn.microsoft.com/defender-endpoint/api/get-machines.
func (c *Client) DevicesNamed(ctx context.Context, name string) ([]Device, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		return nil, &Error{Op: readDevice().op, Cause: NotSent, Err: errors.New("a device name is required")}
	}
	filters := []string{"computerDnsName eq " + quote(name)}
	if !strings.Contains(name, ".") {
		filters = append(filters, "startswith(computerDnsName,"+quote(name+".")+")")
	}
	var found []Device
	for _, f := range filters {
		page, err := c.devices(ctx, f)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
	}
	return named(found, name), nil
}

// devices lists the devices that a filter matches.
func (c *Client) devices(ctx context.Context, filter string) ([]Device, error) {
	page, whole, err := list[machine](ctx, c, readDevice(), "/api/machines", filter)
	switch {
	case CauseOf(err) == NoSuchDevice:
		return nil, nil // "If there are no recent machines": a documented 404.
	case err != nil:
		return nil, err
	case len(page) == perPage:
		return nil, &Error{Op: readDevice().op, Cause: BadAnswer, Status: http.StatusOK, Err: ErrTooMany}
	case !whole:
		return nil, &Error{Op: readDevice().op, Cause: BadAnswer, Status: http.StatusOK, Err: errors.New("the list of devices is not whole")}
	}
	found := make([]Device, len(page))
	for i, m := range page {
		found[i] = m.device()
	}
	return found, nil
}

// readDevice describes every read of devices.
func readDevice() query {
	return query{op: "read device", role: "Machine.Read.All", missing: NoSuchDevice}
}

// named keeps the devices with exactly that name, or exactly that first label, each once,
// last seen first. How the API compares names is not documented, so it is done here too.
func named(found []Device, name string) []Device {
	var kept []Device
	seen := map[string]bool{}
	for _, d := range found {
		label, _, _ := strings.Cut(d.Name, ".")
		same := strings.EqualFold(d.Name, name) || strings.EqualFold(label, name)
		if d.ID == "" || seen[d.ID] || !same {
			continue
		}
		seen[d.ID] = true
		kept = append(kept, d)
	}
	slices.SortStableFunc(kept, func(a, b Device) int { return b.LastSeen.Compare(a.LastSeen) })
	return kept
}
