package office

import (
	"context"
	"fmt"
	"slices"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
)

// Listing is some requests, newest first.
type Listing struct {
	Requests   []approvals.Request
	More       int  // how many there are besides
	Everywhere bool // of all channels, not only of the one where it was asked for
}

// mostListed is how many requests a list has.
const mostListed = 20

// recently is for how long what has ended is listed with what is open.
const recently = 24 * time.Hour

// See is one request, for somebody who may see it.
func (d *Desk) See(ctx context.Context, by By, id string) (approvals.Request, error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil {
		return approvals.Request{}, err
	}
	r, err := d.store.Load(ctx, id)
	if err != nil {
		return approvals.Request{}, approvals.RefusalOr(err, approvals.ErrNotRead)
	}
	if err := who.may(r); err != nil { // without the request, which is not theirs to see
		return approvals.Request{}, err
	}
	return r, nil
}

// Mine are the person's requests that are open, and behind them those that have ended within a
// day.
func (d *Desk) Mine(ctx context.Context, by By) (Listing, error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil {
		return Listing{}, err
	}
	open, err := d.find(ctx, who, ledger.OpenBy(who.f.Person), mostListed)
	if err != nil {
		return Listing{}, err
	}
	ended, err := d.find(ctx, who, ledger.EndedBy(who.f.Person, d.store.Now().Add(-recently)), mostListed)
	if err != nil {
		return Listing{}, err
	}
	all := both(open.Requests, ended.Requests)
	few := all[:min(len(all), mostListed)]
	return Listing{Requests: few, More: open.More + ended.More + len(all) - len(few), Everywhere: !by.Public}, nil
}

// both are what was open, and behind it what had ended when that was read afterwards: what
// ended in between is in it once, as it is now.
func both(open, ended []approvals.Request) []approvals.Request {
	later := map[string]bool{}
	for _, r := range ended {
		later[r.ID] = true
	}
	return append(slices.DeleteFunc(slices.Clone(open), func(r approvals.Request) bool { return later[r.ID] }), ended...)
}

// Open are the requests that are open: everywhere for an approver, else in the channel.
func (d *Desk) Open(ctx context.Context, by By) (Listing, error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil {
		return Listing{}, err
	}
	if !who.everywhere() {
		return d.find(ctx, who, ledger.OpenIn(by.Place.Channel), mostListed)
	}
	return d.find(ctx, who, ledger.Open(), mostListed)
}

// Ended are the last requests that have ended, at most that many: everywhere for an approver, else
// the person's own.
func (d *Desk) Ended(ctx context.Context, by By, most int) (Listing, error) {
	who, err := d.readerOf(ctx, by, approvals.ToList)
	if err != nil {
		return Listing{}, err
	}
	if who.f.Decides {
		return d.find(ctx, who, ledger.Ended(time.Time{}), most)
	}
	return d.find(ctx, who, ledger.EndedBy(who.f.Person, time.Time{}), most)
}

// find lists what is meant and may be seen.
func (d *Desk) find(ctx context.Context, who reader, q ledger.Query, most int) (Listing, error) {
	found, err := d.store.Find(ctx, q, most, who.keep())
	if err != nil {
		return Listing{}, fmt.Errorf("%w: %w", approvals.ErrNotRead, err)
	}
	return Listing{Requests: found.Requests, More: found.More, Everywhere: who.everywhere()}, nil
}
