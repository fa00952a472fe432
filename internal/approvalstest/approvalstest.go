// Package approvalstest has the people, devices and requests that tests of
// approvals are about.
package approvalstest

import (
	"context"
	"errors"
	"time"

	"defenderbot/approvals"
)

// When it is, and who is there: Asker asks, Leader and Second approve.
var (
	Start  = time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC)
	Asker  = approvals.Person{ID: "U1", Name: "ada"}
	Leader = approvals.Person{ID: "U2", Name: "grace"}
	Second = approvals.Person{ID: "U3", Name: "joan"}
)

// HexID is the id of the device of [Sample].
const HexID = "1e5bc9d7e413ddd7902c2932e418702b84d0cc07"

// Sample is a request in the given state, with one call in the given state.
func Sample(s approvals.State, cs approvals.CallState) approvals.Request {
	if s == "" {
		return approvals.Request{}
	}
	r := approvals.Request{
		ID: "D-7K3F9Q", Action: "collect", Devices: []approvals.Device{{ID: HexID, Name: "srv-1"}}, Comment: "odd logins",
		By: Asker, Place: approvals.Place{Team: "T1", Channel: "C1"}, State: s, Asked: Start, Opened: Start.Add(time.Second),
		Terms: approvals.Terms{Needed: 1, ApprovalTTL: 30 * time.Minute, ExecutionTTL: 2 * time.Hour, Horizon: 73 * time.Hour, Retention: 2160 * time.Hour},
		Card:  approvals.Card{TS: "1.2", Shown: 2}, Version: 4, Visible: 3,
	}
	if s == approvals.Checking {
		r.Opened = time.Time{}
	}
	if s.Ended() {
		r.EndedAt = Start.Add(time.Minute)
	}
	if s == approvals.Approved || s == approvals.Done {
		r.Approvals = []approvals.Approval{{By: Leader, At: Start.Add(time.Minute)}}
		r.Calls = []approvals.Call{SampleCall(cs)}
	}
	return r
}

// SampleCall is a call in the given state.
func SampleCall(cs approvals.CallState) approvals.Call {
	c := approvals.Call{State: cs, Since: Start}
	if cs != approvals.Queued && cs != approvals.Lapsed {
		c.Attempt, c.NotAfter = 1, Start.Add(time.Minute+approvals.SendLimit)
	}
	if cs == approvals.Running || cs == approvals.Succeeded {
		c.Job, c.Started = approvals.Job{ID: "j1", Status: "Pending"}, Start.Add(time.Minute)
	}
	if cs.Ended() {
		c.EndedAt = Start.Add(time.Hour)
	}
	return c
}

// Town is a Directory of people by id.
type Town struct {
	People map[string]approvals.Facts
	Groups map[string][]string
	About  map[string]approvals.Group // what else is known of a group
	Down   bool
}

// ErrDown is every answer of a [Town] that is down, and the one about who is not in it.
var ErrDown = errors.New("slack is down")

// Facts are those of the people in it.
func (d Town) Facts(_ context.Context, user string) (approvals.Facts, error) {
	f, ok := d.People[user]
	if d.Down || !ok {
		return approvals.Facts{}, ErrDown
	}
	return f, nil
}

// Channel is one that the bot is in.
func (d Town) Channel(_ context.Context, id string) (approvals.Channel, error) {
	return approvals.Channel{ID: id, Member: true}, nil
}

// Group is one of those in it.
func (d Town) Group(_ context.Context, id string) (approvals.Group, error) {
	members, ok := d.Groups[id]
	if d.Down || !ok {
		return approvals.Group{}, ErrDown
	}
	g := d.About[id]
	g.ID, g.Members = id, members
	return g, nil
}

// DeviceNo is the n-th device of the tests.
func DeviceNo(n int) approvals.Device {
	return approvals.Device{ID: HexID[:36] + string([]byte{"0123456789abcdef"[n>>12&15], "0123456789abcdef"[n>>8&15], "0123456789abcdef"[n>>4&15], "0123456789abcdef"[n&15]})}
}

// Asked is what somebody asks for, before it is a request.
func Asked(devices ...approvals.Device) approvals.Request {
	r := Sample(approvals.Checking, "")
	return approvals.Request{Action: r.Action, Devices: devices, Comment: r.Comment, By: r.By, Place: r.Place, Terms: r.Terms}
}

// WasRefused reports whether an error is a refusal, whatever the reason.
func WasRefused(err error) bool {
	var refused *approvals.Refusal
	return errors.As(err, &refused)
}
