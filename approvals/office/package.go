package office

import (
	"context"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// SoonFree is within which time a window of a minute has a place again, whatever fills it.
const SoonFree = time.Minute + ledger.ReadLimit + 2*approvals.Margin

// MayFetch is a request whose packages by may have, as digest stands for it. It reads no
// more than that, and so fits into the time of an acknowledgement.
func (d *Desk) MayFetch(ctx context.Context, by By, id, digest string) (approvals.Request, error) {
	load := d.load
	if by.Private {
		load = d.loadPrivately
	}
	r, _, err := load(ctx, by, id, approvals.ToFetch)
	if err == nil {
		err = approvals.WithRequest(d.hasPackage(r, digest), r)
	}
	return r, err
}

// hasPackage is the refusal for a request of which nothing can be fetched.
func (d *Desk) hasPackage(r approvals.Request, digest string) error {
	switch action, known := d.store.Action(r.Action); {
	case !known:
		return approvals.Refuse(approvals.UnknownAction, r.Action)
	case digest != r.Digest():
		return approvals.Refuse(approvals.ShownDiffers, "")
	case !action.Package || len(r.Succeeded()) == 0:
		return approvals.Refuse(approvals.NoPackage, "")
	}
	return nil
}

// Package is the link to what call has collected, for by alone. Who got one is in the
// audit trail before they have it; each link has its entry, also where Slack delivers one
// click twice. While the window is full it is a *Refusal with the reason PackageWaits, and
// until when.
func (d *Desk) Package(ctx context.Context, by By, id, digest string, call int) (link string, err error) {
	r, err := d.MayFetch(ctx, by, id, digest)
	if err != nil {
		return "", err
	}
	fetched := approvals.Package{Call: call}
	if call >= 0 && call < len(r.Calls) {
		fetched.Job = r.Calls[call].Job.ID
	}
	if _, err := approvals.Next(r, fetched, d.store.Now()); err != nil {
		return "", approvals.WithRequest(err, r)
	}
	if link, err = d.packageLink(ctx, fetched.Job); err != nil {
		return "", approvals.WithRequest(err, r)
	}
	// Defender may have taken its time: whoever gets it must still be one who may.
	r, f, err := d.judged(ctx, by, r, approvals.ToFetch)
	if err != nil {
		return "", err
	}
	fetched.By = f.Person
	_, err = d.store.Apply(ctx, ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return fetched, nil })
	if err != nil {
		return "", err
	}
	return link, nil
}

// packageLink asks Defender for a link, within its window.
func (d *Desk) packageLink(ctx context.Context, job string) (string, error) {
	e := defender.PackageEndpoint()
	at, err := d.store.BookReads(ctx, e, 1, ledger.ForPackage())
	switch {
	case err != nil:
		return "", approvals.RefusalOr(err, approvals.ErrNotRecorded)
	case !at.IsZero():
		return "", &approvals.Refusal{Why: approvals.Why{Reason: approvals.PackageWaits, Until: at}}
	}
	reading, cancel := context.WithTimeout(ctx, ledger.ReadLimit)
	defer cancel()
	link, err := d.defender.PackageURI(reading, job)
	until := d.backOff(ctx, e, err)
	if err != nil {
		return "", &approvals.Refusal{Why: packageWhy(err, until), Err: err}
	}
	return link, nil
}

// packageWhy is why Defender gave no link, and until when it wants to be left alone.
func packageWhy(err error, until time.Time) approvals.Why {
	why := whyOf(err)
	switch defender.CauseOf(err) { //nolint:exhaustive // the others are told as they are
	case defender.NotFound:
		return approvals.Why{Reason: approvals.PackageNotReady, Target: why.Target}
	case defender.MissingRole:
		return approvals.Why{Reason: approvals.PackageRole, Detail: why.Detail, Target: why.Target}
	case defender.Throttled:
		return approvals.Why{Reason: approvals.PackageWaits, Until: until, Target: why.Target}
	}
	return approvals.Why{Reason: approvals.PackageUnread, Cause: &why}
}
