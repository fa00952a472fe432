package approvals

import "sync"

// hands are the claims that this process works on. While somebody looks at the
// head of the queue, others put it on the agenda again and again; what is in hand
// is not taken a second time.
type hands struct {
	mu  sync.Mutex
	has map[string]*hand
}

// hand holds the claim of one member.
type hand struct {
	member string
	newest claimed // guarded by hands.mu
	again  bool    // guarded by hands.mu: it was claimed again meanwhile
}

// take takes a claim in hand. False: its member is in hand already, and is
// looked at again afterwards.
func (h *hands) take(c claimed) (*hand, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, held := h.has[c.Member]; held {
		one.again = true
		if c.Token > one.newest.Token {
			one.newest = c
		}
		return nil, false
	}
	if h.has == nil {
		h.has = map[string]*hand{}
	}
	one := &hand{member: c.Member, newest: c}
	h.has[c.Member] = one
	return one, true
}

// open lets a member out of hand, and gives its newest claim and whether it was
// claimed again. Not held: it was let go before.
func (h *hands) open(one *hand) (c claimed, again, held bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.has[one.member] != one {
		return claimed{}, false, false
	}
	delete(h.has, one.member)
	return one.newest, one.again, true
}
