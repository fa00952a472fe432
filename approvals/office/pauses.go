package office

import (
	"sync"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

const (
	firstPause = time.Minute      // Defender counts by the minute, too
	mostPause  = 30 * time.Minute // its longest window is an hour
)

// pauses are how long endpoints are left alone that refuse everybody and do not say
// for how long: longer each time, until they take something again. Each process
// counts for itself; all of them keep to the longest pause.
type pauses struct {
	mu     sync.Mutex
	count  map[string]int // refusals in a row, by endpoint
	inside map[string]int // calls under way
}

// next is the pause after one more refusal, which begins with first.
func (p *pauses) next(e defender.Endpoint, first time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count == nil {
		p.count = map[string]int{}
	}
	n := p.count[e.Name]
	p.count[e.Name]++
	return min(first<<min(n, 10), mostPause) + approvals.Margin
}

// asked is the pause that a refusal asks for, or the next one where it does not say.
func (p *pauses) asked(e defender.Endpoint, refused *defender.Error) time.Duration {
	if refused.RetryAfter > 0 {
		return refused.RetryAfter + approvals.Margin
	}
	return p.next(e, firstPause)
}

// enter reports whether a call may go to an endpoint now. While it refuses everybody
// one call at a time finds out whether it still does; who entered leaves.
func (p *pauses) enter(e defender.Endpoint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[e.Name] > 0 && p.inside[e.Name] > 0 {
		return false
	}
	if p.inside == nil {
		p.inside = map[string]int{}
	}
	p.inside[e.Name]++
	return true
}

func (p *pauses) leave(e defender.Endpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inside[e.Name]--
}

// over notes that an endpoint took something.
func (p *pauses) over(e defender.Endpoint) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.count, e.Name)
}
