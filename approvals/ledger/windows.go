package ledger

import (
	"context"
	"fmt"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
)

type readAt struct {
	timed
	Late bool  `json:"late"`
	At   int64 `json:"at"`
}

// ReadLimit is how long one read of Defender can last.
const ReadLimit = 10 * time.Second

// Priority is how much of a read window a purpose may use, in percent.
type Priority int

// People first, then calls of which nobody knows whether they run, then polls.
const (
	ForPeople    Priority = 100
	ForUncertain Priority = 80
	ForPolling   Priority = 60
)

// BookReads books slots for count reads of an endpoint, all or none. A zero
// time: they may go now; else it may be tried again then.
func (s *Store) BookReads(ctx context.Context, e defender.Endpoint, count int, p Priority) (time.Time, error) {
	keys, limits := []string{s.keys.window(e.Name), s.keys.hold(e.Name)}, asJSON(limitPairs(reserved(e.Limits, p)))
	for range tries {
		var answer readAt
		_, err := s.run(ctx, s.scripts.read, keys, &answer, limits, NewOp().ID, ReadLimit.Milliseconds(), count, s.Now().UnixMilli())
		switch {
		case err != nil:
			return time.Time{}, fmt.Errorf("book a read of %s: %w", e.Name, err)
		case answer.At > answer.Time:
			return time.UnixMilli(answer.At).UTC(), nil
		case !answer.Late:
			return time.Time{}, nil
		}
	}
	return time.Time{}, fmt.Errorf("book a read of %s: %w: its time is not known", e.Name, approvals.ErrNotRecorded)
}

// HoldReads keeps all replicas from an endpoint that said 429.
func (s *Store) HoldReads(ctx context.Context, e defender.Endpoint, until time.Time) error {
	var answer timed
	if _, err := s.run(ctx, s.scripts.hold, []string{s.keys.hold(e.Name)}, &answer, millis(until)); err != nil {
		return fmt.Errorf("hold reads of %s: %w", e.Name, err)
	}
	return nil
}

// reserved are the limits without what is kept for purposes that come first.
func reserved(limits []defender.Limit, p Priority) []defender.Limit {
	cut := make([]defender.Limit, len(limits))
	for i, l := range limits {
		cut[i] = defender.Limit{Calls: max(l.Calls*int(p)/100, 1), Per: l.Per}
	}
	return cut
}

type budgetReply struct {
	timed
	Used  []int `json:"used"`
	Ahead int   `json:"ahead"`
}

// Budget is what is left of an action's tightest window.
func (s *Store) Budget(ctx context.Context, action defender.Action) (approvals.Budget, error) {
	var answer budgetReply
	keys := []string{s.keys.queue(action.Post.Name), s.keys.window(action.Post.Name)}
	if _, err := s.run(ctx, s.scripts.budget, keys, &answer, asJSON(limitPairs(action.Post.Limits))); err != nil {
		return approvals.Budget{}, fmt.Errorf("budget of %s: %w", action.Name, err)
	}
	return tightest(action.Post.Limits, answer), nil
}

func tightest(limits []defender.Limit, answer budgetReply) approvals.Budget {
	best := approvals.Budget{Left: -1}
	for i, l := range limits {
		left := max(l.Calls-answer.Used[i], 0)
		if best.Left < 0 || left < best.Left {
			best = approvals.Budget{Left: left, Of: l.Calls, Per: l.Per}
		}
	}
	best.Ahead, best.At = answer.Ahead, time.UnixMilli(answer.Time).UTC()
	return best
}

// Full says that a call may not go before At.
type Full struct {
	At   time.Time
	Held bool // because Defender said so, not because the window is used up
}

// Error says until when.
func (f *Full) Error() string { return "no free slot before " + f.At.Format(time.RFC3339) }
