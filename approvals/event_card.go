package approvals

import "time"

// aboutCard is what the events about the card alone have in common: the card looks
// the same after them, nothing about the request has changed, and no person did
// them.
type aboutCard struct{}

func (aboutCard) line() (by Person, detail string) { return Person{}, "" }
func (aboutCard) touches() (face, trail bool)      { return false, false }

// Show says what the channel shows now: the card in message TS at version
// Visible, and Told notices. An empty TS is a request that was answered without
// a card. A request has one card: what another message shows is not taken.
type Show struct {
	aboutCard

	TS      string
	Visible int64
	Told    int
	// Unthreaded: the thread that the request belongs to is gone, and the message stands by
	// itself. It does not say so yet, and is drawn again.
	Unthreaded bool
}

func (Show) name() string { return "show" }

func (e Show) apply(r Request, _ time.Time) (Request, error) {
	if r.State == "" || e.Visible > r.Visible || e.Told > len(r.Notices) {
		return r, Refuse(DoesNotFit, "shows what is not there")
	}
	if e.TS != "" && r.Card.TS != "" && e.TS != r.Card.TS {
		return r, Refuse(DoesNotFit, "another message is the card")
	}
	r.Card.Shown = max(r.Card.Shown, e.Visible)
	if e.TS != "" && r.Card.TS == "" {
		r.Card.TS, r.Card.Shown = e.TS, e.Visible // whatever was said without a card, this one shows just that
	}
	r.Card.Told = max(r.Card.Told, e.Told)
	if e.Unthreaded && r.InThread() != "" && e.TS == r.Card.TS {
		r.Card.Unthreaded, r.Card.Shown = true, min(r.Card.Shown, r.Visible-1)
	}
	return r, nil
}

// Lose records that the card's message is gone and another is needed, or that it
// is there and of no use any more. The latter happens to a request once: a chat
// that refuses the card of one message would refuse that of the next as well, and
// fill the channel with cards.
type Lose struct {
	aboutCard

	TS   string
	Left bool // the message may still be there
}

func (Lose) name() string { return "lose" }

func (e Lose) apply(r Request, _ time.Time) (Request, error) {
	if r.Card.TS == "" || r.Card.TS != e.TS {
		return r, Refuse(DoesNotFit, "another card")
	}
	if e.Left && r.Card.Left != "" {
		return r, Refuse(DoesNotFit, "it has a successor already")
	}
	if e.Left {
		r.Card.Left = e.TS
	}
	r.Card.TS, r.Card.Shown = "", 0
	return r, nil
}

// Redraw records that the card may not be what it is taken for: people are sent to
// it, and it is drawn again to see that it is there.
type Redraw struct{ aboutCard }

func (Redraw) name() string { return "redraw" }

func (Redraw) apply(r Request, _ time.Time) (Request, error) {
	if r.Card.TS == "" {
		return r, Refuse(DoesNotFit, "there is no card")
	}
	r.Card.Shown = min(r.Card.Shown, r.Visible-1)
	return r, nil
}
