package slackfake

import "slices"

// kept is how many of the things that pile up the workspace remembers, the newest: calls, acknowledgements, envelopes,
// messages, tickets, trigger ids and response URLs. A sandbox that runs for weeks must not grow.
const kept = 10_000

// journal holds the newest entries and counts all.
type journal[T any] struct {
	entries []T // up to twice as many as are kept, so that the oldest seldom have to be moved out
	total   int
}

func (j *journal[T]) add(v T) {
	j.total++
	if len(j.entries) == 2*kept {
		j.entries = slices.Clone(j.entries[kept:])
	}
	j.entries = append(j.entries, v)
}

// newest returns the entries that are kept, oldest first. Adding does not change what it returned.
func (j *journal[T]) newest() []T {
	return j.entries[max(0, len(j.entries)-kept):]
}

// shelf is a map that forgets what was put into it first. Its zero value is empty.
type shelf[V any] struct {
	byID  map[string]V
	order journal[string]
}

func (s *shelf[V]) put(id string, v V) {
	if s.byID == nil {
		s.byID = map[string]V{}
	}
	_, there := s.byID[id]
	s.byID[id] = v
	if there {
		return
	}
	s.order.add(id)
	if n := len(s.order.entries) - kept; n > 0 {
		delete(s.byID, s.order.entries[n-1])
	}
}

// get returns the zero value for what is not there.
func (s *shelf[V]) get(id string) V { return s.byID[id] }

func (s *shelf[V]) drop(id string) { delete(s.byID, id) }

// Totals counts what has happened since the start, also what is no longer kept.
type Totals struct {
	Envelopes int // deliveries: one that is sent again counts again
	Acks      int
	APICalls  int
}

// Totals returns the counts as they are now. APICalls and Acks return the newest 10,000 of theirs.
func (s *Server) Totals() Totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Totals{Envelopes: s.deliveries, Acks: s.acks.total, APICalls: s.calls.total}
}
