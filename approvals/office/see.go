package office

import (
	"context"
	"errors"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Listing is some requests, newest first.
type Listing struct {
	Requests   []approvals.Request
	More       int  // how many there are besides
	Everywhere bool // of all channels, not only of the one where it was asked for
}

// WindowState is how one of Microsoft's windows stands.
type WindowState struct {
	Endpoint string   // its name, as in the catalogue
	Actions  []string // the actions whose calls are counted there; none: reads
	Limits   []LimitState
	Waiting  int       // calls that stand in line
	Held     time.Time // Defender wants to be left alone until then; zero: it does not
}

// LimitState is how much of one limit is used.
type LimitState struct {
	defender.Limit

	Used int
	Next time.Time // when the next slot comes; zero: there is a free one
}

// History is what was asked for a device, newest first.
type History struct {
	Device approvals.Device
	Listing
}

var errNotYet = errors.New("not yet")

// See is one request, for somebody who may see it.
func (d *Desk) See(ctx context.Context, by By, id string) (approvals.Request, error) {
	return approvals.Request{}, errNotYet
}

// Mine are the person's requests that are open, and those that have ended within a day.
func (d *Desk) Mine(ctx context.Context, by By) (Listing, error) { return Listing{}, errNotYet }

// Open are the requests that are open: everywhere for an approver, else in the channel.
func (d *Desk) Open(ctx context.Context, by By) (Listing, error) { return Listing{}, errNotYet }

// Ended are the last requests that have ended, at most so many: everywhere for an approver, else the person's own.
func (d *Desk) Ended(ctx context.Context, by By, most int) (Listing, error) {
	return Listing{}, errNotYet
}

// Limits is how Microsoft's windows stand.
func (d *Desk) Limits(ctx context.Context, by By) ([]WindowState, error) { return nil, errNotYet }

// History is what was asked for a device, by its id or its name.
func (d *Desk) History(ctx context.Context, by By, device approvals.Device) (History, error) {
	return History{}, errNotYet
}

// Report sums up what has ended since then.
func (d *Desk) Report(ctx context.Context, by By, since time.Time) (approvals.Summary, error) {
	return approvals.Summary{}, errNotYet
}
