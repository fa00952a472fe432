package approvals

import (
	"errors"
	"time"
)

// Review is the second pair of eyes on what one person did alone, afterwards. It is open
// until somebody else, who may decide on the action, closes it in writing.
type Review struct {
	Reminded time.Time `json:"reminded,omitzero"` // when its approvers were last reminded
	By       Person    `json:"by,omitzero"`       // who closed it
	At       time.Time `json:"at,omitzero"`       // when; zero: it is open
	Text     string    `json:"text,omitempty"`    // the word, as typed
}

// reviewEvery is how long after the act, and after each reminder, its reviewers are reminded.
const reviewEvery = 24 * time.Hour

// Acted reports whether somebody acted alone by r: what was taken back or rejected while its
// device was looked up did nothing.
func (r Request) Acted() bool { return r.Forced && len(r.Calls) > 0 }

// UnderReview reports whether somebody still has to look at what was done alone.
func (r Request) UnderReview() bool { return r.Acted() && r.Review.At.IsZero() }

// reviewDue is when those who may review r are reminded next; it is asked for under review alone.
func (r Request) reviewDue() time.Time {
	return latest(r.ApprovedAt(), r.Review.Reminded).Add(reviewEvery)
}

// forgottenFrom is when the retention of an ended request begins: what was done alone is
// kept from its review on, and until then.
func (r Request) forgottenFrom() time.Time { return latest(r.EndedAt, r.Review.At) }

// validateForced wants of what was done alone that nobody decides on it, and of its review
// that somebody else closed it in writing. Nothing else has a review.
func (r Request) validateForced() error {
	closed := !r.Review.At.IsZero()
	switch {
	case !r.Forced && r.Review != Review{}:
		return errors.New("a review of what nobody did alone")
	case !r.Forced:
		return nil
	case r.State == Pending || r.State == Denied || r.State == Expired || len(r.Approvals) > 0 || r.Beyond:
		return errors.New("it is decided on, and somebody acts alone")
	case len(r.Devices) != 1:
		return errors.New("somebody acts alone on several devices")
	case r.Review != Review{} && !r.Acted():
		return errors.New("a review of what was not done")
	case closed != (r.Review.By.ID != "") || closed != (r.Review.Text != ""):
		return errors.New("its review is not whole")
	case closed && r.Bars(r.Review.By):
		return errors.New("its review does not count")
	}
	return nil
}
