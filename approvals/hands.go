package approvals

import "sync"

// hands are the claims that this process works on. While somebody looks at the
// head of the queue, others put it on the agenda again and again; what is in hand
// is not taken a second time.
type hands struct {
	mu  sync.Mutex
	has map[string]*hand
}

// hand holds one claim.
type hand struct {
	claim claimed // the newest
	again bool    // it was claimed again meanwhile
}

// take takes a claim in hand. False: its member is in hand already, and is
// looked at again afterwards.
func (h *hands) take(c claimed) (*hand, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, held := h.has[c.Member]; held {
		one.claim, one.again = c, true
		return nil, false
	}
	if h.has == nil {
		h.has = map[string]*hand{}
	}
	one := &hand{claim: c}
	h.has[c.Member] = one
	return one, true
}

// open lets a claim out of hand. False: it was let go before.
func (h *hands) open(one *hand) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	held := h.has[one.claim.Member] == one
	if held {
		delete(h.has, one.claim.Member)
	}
	return held
}
