package approvals

import "time"

// Review is the second pair of eyes on what one person did alone, afterwards. It is open
// until somebody else, who may decide on the action, closes it with a word.
type Review struct {
	Reminded time.Time `json:"reminded,omitzero"` // when its approvers were last reminded
	By       Person    `json:"by,omitzero"`       // who closed it
	At       time.Time `json:"at,omitzero"`       // when; zero: it is open
	Text     string    `json:"text,omitempty"`    // the word, as typed
}

// UnderReview reports whether somebody still has to look at what was done alone.
func (r Request) UnderReview() bool { return r.Forced && r.Review.At.IsZero() }
