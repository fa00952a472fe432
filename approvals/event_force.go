package approvals

import (
	"slices"
	"strings"
	"time"
)

// Force pins the devices that were looked up of a request whose requester acts alone
// (break-glass), and has its calls made. Nobody has approved it; somebody else has to
// review it.
type Force struct {
	By      Person // the requester
	Devices []Device
	Budget  Budget
}

func (Force) name() string { return "force" }

func (e Force) line() (by Person, detail string) {
	return e.By, strings.Join(Request{Devices: e.Devices}.deviceIDs(), ",")
}

func (e Force) apply(r Request, now time.Time) (Request, error) {
	if r.State != Checking || !r.Forced || !e.By.Is(r.By) {
		return r, Refuse(DoesNotFit, "force in "+string(r.State))
	}
	if len(e.Devices) != len(r.Devices) || slices.ContainsFunc(e.Devices, func(d Device) bool { return d.ID == "" }) {
		return r, Refuse(DoesNotFit, "a device without an id")
	}
	r.Opened, r.Devices, r.Budget, r.Choice = now, e.Devices, e.Budget, Choice{}
	return queueCalls(r, now), nil
}

// CloseReview is what another approver wrote about what was done alone.
type CloseReview struct {
	By     Person
	Digest string
	Text   string
}

func (CloseReview) name() string { return "review" }

func (e CloseReview) line() (by Person, detail string) { return e.By, "" }
func (e CloseReview) typed() string                    { return e.Text }

func (e CloseReview) apply(r Request, now time.Time) (Request, error) {
	switch {
	case r.Acted() && !r.UnderReview():
		return r, Refuse(AlreadyReviewed, "")
	case !r.UnderReview():
		return r, Refuse(NothingToReview, "")
	case r.Bars(e.By):
		return r, r.MayNotDecide(e.By)
	case e.Digest != r.Digest():
		return r, Refuse(ShownDiffers, "")
	case strings.TrimSpace(e.Text) == "":
		return r, Refuse(DoesNotFit, "a review without a word")
	}
	r.Review.By, r.Review.At, r.Review.Text = e.By, now, e.Text
	r.Notices = append(r.Notices, Notice{Kind: NoticeReviewed, At: now})
	return r, nil
}
