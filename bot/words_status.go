package bot

import (
	"defenderbot/approvals"
)

// statusPage is how one request stands, in a few lines. To everybody it does not say whom
// it waits for: they would be called.
func (v Views) statusPage(r approvals.Request, public bool) page {
	return fitting(r, func(r approvals.Request, d detail) page {
		s := v.telling(r)
		if public && r.State == approvals.Pending {
			s.rest = []span{words(" · until "), when(r.Deadline())}
			if r.Terms.Needed > 1 {
				s.rest = append([]span{wordsf(" · %d of %d given", len(r.Approvals), r.Terms.Needed)}, s.rest...)
			}
		}
		p := append(append(page{says(strong(v.headline(r)), words(" · "), v.cardLink(r))}, v.unreviewed(r)...), s.line())
		p = append(append(append(p, s.more...), v.reviewed(r)...), beyondReach(r)...)
		p = append(p, wanted(r)...)
		p = append(p, decided(r)...)
		if len(r.Devices) > 1 {
			p = append(p, v.devices(r, d)...)
		}
		return p
	})
}

// cancelledThere is the answer to a cancel command: what came of it, and the card, where
// what runs can be stopped.
func (v Views) cancelledThere(r approvals.Request) page {
	p := cancelledPage(r)
	if r.State == approvals.Approved && v.action(r).Cancellable() {
		p = append(p, says(words("What runs in Defender can be stopped with the Stop button on the card.")))
	}
	return append(p, says(words("Its card: "), v.cardLink(r)))
}

// nothingToCancel is the answer where the request that somebody wants to cancel has come
// to its end.
func (v Views) nothingToCancel(r approvals.Request) page {
	return page{says(words(r.ID+" has already ended, so there is nothing to cancel: "), strong(stateLine(r)), words(". Its card: "), v.cardLink(r))}
}
