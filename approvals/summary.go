package approvals

import (
	"cmp"
	"slices"
	"time"
)

// Summary sums up requests, for those who lead.
type Summary struct {
	Since, Until time.Time
	Counts       []SummaryCount // of what has ended, by action and outcome
	Decided      int            // how many were approved or denied by their card
	Median       time.Duration  // from card to decision
	Longest      []SummaryWait  // who waited longest for a decision, longest first
	Hasty        []SummaryWait  // decisions that took less than five seconds, shortest first
	Pairs        []SummaryPair  // of which one always approves the other's
	Beyond       int            // how many more requests there are, which are not in it
}

// SummaryCount is how many requests for an action ended in one way.
type SummaryCount struct {
	Action string
	How    string // an Outcome, or the State in which it ended
	N      int
}

// SummaryWait is how long a request took to be decided, and by whom.
type SummaryWait struct {
	Request, Action string
	Asked, Decided  Person // Decided is empty where nobody did
	Took            time.Duration
}

// SummaryPair is two people of whom one approved all of the other's requests.
type SummaryPair struct {
	Requester, Approver Person
	N                   int
}

const (
	hasty       = 5 * time.Second // a decision that took less was hardly thought about
	mostLongest = 5               // how many that waited long are named
	always      = 3               // how often somebody has to approve another's requests to be always
)

// Summarise sums up what has ended from since until until, and what waits then.
func Summarise(requests []Request, since, until time.Time) Summary {
	sum := Summary{Since: since, Until: until}
	var took []time.Duration
	for _, r := range inTime(requests, since, until) {
		if r.State.Ended() {
			sum.count(r)
		}
		if r.Opened.IsZero() {
			continue
		}
		if w, decided := r.decision(); decided {
			took = append(took, w.Took)
			sum.Longest = append(sum.Longest, w)
		} else if at := r.waitedUntil(until); !at.IsZero() {
			sum.Longest = append(sum.Longest, r.wait(Person{}, at))
		}
		sum.Hasty = append(sum.Hasty, r.hasty()...)
	}
	sum.Decided, sum.Median = len(took), median(took)
	sum.Pairs = pairs(inTime(requests, since, until))
	sum.order()
	return sum
}

// inTime are the requests that ended in that time, and those that were open at its end.
func inTime(requests []Request, since, until time.Time) []Request {
	return slices.DeleteFunc(slices.Clone(requests), func(r Request) bool {
		return r.Asked.After(until) || r.State.Ended() && (r.EndedAt.Before(since) || r.EndedAt.After(until))
	})
}

func (s *Summary) count(r Request) {
	how := string(r.State)
	if r.State == Done {
		how = string(r.Outcome())
	}
	for i, c := range s.Counts {
		if c.Action == r.Action && c.How == how {
			s.Counts[i].N++
			return
		}
	}
	s.Counts = append(s.Counts, SummaryCount{r.Action, how, 1})
}

// wait is what was waited for r until then, from when it had a card.
func (r Request) wait(decided Person, until time.Time) SummaryWait {
	return SummaryWait{Request: r.ID, Action: r.Action, Asked: r.By, Decided: decided, Took: until.Sub(r.Opened)}
}

// decision is how long r took to be approved or denied; false: that was not done by its card.
func (r Request) decision() (SummaryWait, bool) {
	if r.State == Denied {
		return r.wait(r.Ended.By, r.EndedAt), true
	}
	if !r.approved() {
		return SummaryWait{}, false
	}
	last := r.Approvals[len(r.Approvals)-1]
	return r.wait(last.By, last.At), !last.At.Before(r.Opened)
}

// waitedUntil is until when r waited for a decision that did not come; zero: it did not wait.
func (r Request) waitedUntil(until time.Time) time.Time {
	switch r.State { //nolint:exhaustive // nobody waits for a decision on the others, or gave up
	case Pending:
		return until
	case Expired:
		return r.EndedAt
	}
	return time.Time{}
}

// hasty are the decisions on r that took less than five seconds from its card. An approval that
// came with the request was made before there was one.
func (r Request) hasty() (waits []SummaryWait) {
	for _, a := range r.Approvals {
		if w := r.wait(a.By, a.At); !a.At.Before(r.Opened) && w.Took < hasty {
			waits = append(waits, w)
		}
	}
	if w := r.wait(r.Ended.By, r.EndedAt); r.State == Denied && w.Took < hasty {
		waits = append(waits, w)
	}
	return waits
}

// pairs are those of whom one approved every request of the other that was decided, often
// enough.
func pairs(requests []Request) (list []SummaryPair) {
	decided := map[string]int{} // by requester
	for _, r := range requests {
		if !r.approved() && r.State != Denied {
			continue
		}
		decided[r.By.Key()]++
		for _, a := range r.Approvals {
			if r.approved() {
				list = paired(list, r.By, a.By)
			}
		}
	}
	return slices.DeleteFunc(list, func(p SummaryPair) bool { return p.N < always || p.N < decided[p.Requester.Key()] })
}

func paired(list []SummaryPair, requester, approver Person) []SummaryPair {
	for i, p := range list {
		if p.Requester.Is(requester) && p.Approver.Is(approver) {
			list[i].N++
			return list
		}
	}
	return append(list, SummaryPair{requester, approver, 1})
}

func median(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return (took[(len(took)-1)/2] + took[len(took)/2]) / 2
}

// order brings all into the order in which it is read.
func (s *Summary) order() {
	slices.SortStableFunc(s.Counts, func(a, b SummaryCount) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(b.N, a.N), cmp.Compare(a.How, b.How))
	})
	shorter := func(a, b SummaryWait) int {
		return cmp.Or(cmp.Compare(a.Took, b.Took), cmp.Compare(a.Request, b.Request))
	}
	slices.SortFunc(s.Longest, func(a, b SummaryWait) int { return shorter(b, a) })
	s.Longest = s.Longest[:min(len(s.Longest), mostLongest)]
	slices.SortFunc(s.Hasty, shorter)
	slices.SortStableFunc(s.Pairs, func(a, b SummaryPair) int {
		return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Requester.Key(), b.Requester.Key()), cmp.Compare(a.Approver.Key(), b.Approver.Key()))
	})
}
