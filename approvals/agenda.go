package approvals

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"defenderbot/defender"
)

// leases are how long a claim keeps other processes away, by kind. A step reads
// for at most stepLimit and checks for as long again, and what it sends comes
// after it has given its claim back.
func leases() map[Kind]int64 {
	return map[Kind]int64{Clock: 30_000, Look: 30_000, Draw: 60_000}
}

// claimed is one member of the agenda in our hands.
type claimed struct {
	Member string `json:"member"`
	Due    int64  `json:"due"`   // as it was claimed
	Token  int64  `json:"token"` // until when it is ours
}

type claimReply struct {
	Time   int64     `json:"now"`
	Next   int64     `json:"next"`
	Claims []claimed `json:"claims"`
}

func (c *claimReply) clock() int64 { return c.Time }

// claim takes up to most members that are due into our hands, and says in how
// long the next one is due.
func (s *Store) claim(ctx context.Context, most int) ([]claimed, time.Duration, error) {
	lasting, err := json.Marshal(leases())
	if err != nil {
		return nil, 0, fmt.Errorf("encode leases: %w", err)
	}
	var got claimReply
	if _, err := s.run(ctx, s.scripts.claim, []string{s.keys.agenda(), s.keys.held()}, &got, most, string(lasting)); err != nil {
		return nil, 0, fmt.Errorf("claim what is due: %w", err)
	}
	wait := idle
	if got.Next > 0 {
		wait = min(max(time.Duration(got.Next-got.Time)*time.Millisecond, 0), idle)
	}
	return got.Claims, wait, nil
}

// idle is the longest that a worker sleeps without asking what is due: others
// may have put something on the agenda.
const idle = time.Second

type finished struct {
	Time int64 `json:"now"`
}

func (f *finished) clock() int64 { return f.Time }

// finish gives a claim back: the member is due at the given time, or never if
// zero, unless somebody has set it anew meanwhile. Others are put on the agenda
// where they are missing.
func (s *Store) finish(ctx context.Context, c claimed, at time.Time, others ...duty) error {
	missing, err := json.Marshal(append([]duty{}, others...))
	if err != nil {
		return fmt.Errorf("encode what is due: %w", err)
	}
	var answer finished
	_, err = s.run(ctx, s.scripts.finish, []string{s.keys.agenda(), s.keys.held()}, &answer, c.Member, c.Token, c.Due, millis(at), string(missing))
	if err != nil {
		return fmt.Errorf("give %s back: %w", c.Member, err)
	}
	return nil
}

type readAt struct {
	Time int64 `json:"now"`
	At   int64 `json:"at"`
}

func (r *readAt) clock() int64 { return r.Time }

// readLimit is how long one read of Defender can last.
const readLimit = 10 * time.Second

// share is how much of a read window a purpose may use.
type share int

// People first, then calls of which nobody knows whether they run, then polls.
const (
	forPeople    share = 100
	forUncertain share = 80
	forPolling   share = 60
)

// mayRead books a slot for one read of an endpoint. A zero time: it may go
// now; else it may be tried again then.
func (s *Store) mayRead(ctx context.Context, e defender.Endpoint, part share) (time.Time, error) {
	return s.mayReads(ctx, e, 1, part)
}

// mayReads is mayRead for several reads that are only good together.
func (s *Store) mayReads(ctx context.Context, e defender.Endpoint, count int, part share) (time.Time, error) {
	return s.read(ctx, e, part, count, time.Time{})
}

// pauseReads keeps all replicas from an endpoint that said 429.
func (s *Store) pauseReads(ctx context.Context, e defender.Endpoint, until time.Time) error {
	_, err := s.read(ctx, e, forPeople, 0, until)
	return err
}

func (s *Store) read(ctx context.Context, e defender.Endpoint, part share, count int, hold time.Time) (time.Time, error) {
	limits, err := json.Marshal(limitPairs(shared(e.Limits, part)))
	if err != nil {
		return time.Time{}, fmt.Errorf("encode limits: %w", err)
	}
	var answer readAt
	keys := []string{s.keys.window(e.Name), s.keys.hold(e.Name)}
	_, err = s.run(ctx, s.scripts.read, keys, &answer, string(limits), newOp().ID, readLimit.Milliseconds(), millis(hold), count)
	if err != nil {
		return time.Time{}, fmt.Errorf("book a read of %s: %w", e.Name, err)
	}
	if answer.At > answer.Time {
		return time.UnixMilli(answer.At).UTC(), nil
	}
	return time.Time{}, nil
}

func shared(limits []defender.Limit, part share) []defender.Limit {
	cut := make([]defender.Limit, len(limits))
	for i, l := range limits {
		cut[i] = defender.Limit{Calls: max(l.Calls*int(part)/100, 1), Per: l.Per}
	}
	return cut
}

type budgetReply struct {
	Time  int64 `json:"now"`
	Used  []int `json:"used"`
	Ahead int   `json:"ahead"`
}

func (b *budgetReply) clock() int64 { return b.Time }

// Budget is what is left of an action's tightest window.
func (s *Store) Budget(ctx context.Context, action defender.Action) (Budget, error) {
	limits, err := json.Marshal(limitPairs(action.Post.Limits))
	if err != nil {
		return Budget{}, fmt.Errorf("encode limits: %w", err)
	}
	var answer budgetReply
	keys := []string{s.keys.queue(action.Post.Name), s.keys.window(action.Post.Name)}
	if _, err := s.run(ctx, s.scripts.budget, keys, &answer, string(limits)); err != nil {
		return Budget{}, fmt.Errorf("budget of %s: %w", action.Name, err)
	}
	return tightest(action.Post.Limits, answer), nil
}

func tightest(limits []defender.Limit, answer budgetReply) Budget {
	best := Budget{Left: -1}
	for i, l := range limits {
		left := max(l.Calls-answer.Used[i], 0)
		if best.Left < 0 || left < best.Left {
			best = Budget{Left: left, Of: l.Calls, Per: l.Per}
		}
	}
	best.Ahead, best.At = answer.Ahead, time.UnixMilli(answer.Time).UTC()
	return best
}
