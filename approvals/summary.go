package approvals

import "time"

// Summary sums up requests, for those who lead.
type Summary struct {
	Since, Until time.Time
	Counts       []SummaryCount // by action and outcome
	Decided      int            // how many were approved or denied
	Median       time.Duration  // from card to decision
	Longest      []SummaryWait  // who waited longest for a decision, longest first
	Hasty        []SummaryWait  // decisions that took less than five seconds
	Pairs        []SummaryPair  // of which one always approves the other's
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
