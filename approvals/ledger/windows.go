package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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

// Reader is for whom Defender is read: what comes first may use more of a window.
type Reader struct {
	percent int
	person  approvals.Person
	lasts   time.Duration // how long what is booked for can last; 0: as long as a read
}

// ForPerson is somebody who waits for an answer. Nobody gets more than half of what
// others leave, so that one person's many look-ups do not delay another's one.
func ForPerson(p approvals.Person) Reader { return Reader{percent: 100, person: p} }

// ForCall is a call whose end depends on it.
func ForCall() Reader { return Reader{percent: 100} }

// ForStop is a call that somebody wants to be stopped. What is booked is a POST, which is
// no read: but it has a window of its own and no queue, since the windows of actions are
// for calls that were approved and stand in line.
func ForStop() Reader { return Reader{percent: 100, lasts: approvals.SendLimit + approvals.PostLimit} }

// ForPackage is somebody who wants the link to a package. Of two a minute nobody's share
// would be enough.
func ForPackage() Reader { return Reader{percent: 100} }

// ForUncertain is a call of which nobody knows whether it runs.
func ForUncertain() Reader { return Reader{percent: 80} }

// ForPolling is a call that runs.
func ForPolling() Reader { return Reader{percent: 60} }

// BookReads books slots for count reads of an endpoint, all or none. A zero
// time: they may go now; else it may be tried again then.
func (s *Store) BookReads(ctx context.Context, e defender.Endpoint, count int, by Reader) (time.Time, error) {
	keys, limits := []string{s.keys.window(e.Name), s.keys.hold(e.Name)}, reserved(e.Limits, by.percent)
	if by.person.ID != "" {
		keys = append(keys, s.keys.reads(e.Name, by.person))
	}
	for range tries {
		var answer readAt
		args := []any{NewOp().ID, cmp.Or(by.lasts, ReadLimit).Milliseconds(), count, s.Now().UnixMilli()}
		for _, l := range limits {
			args = append(args, l.Calls, l.Per.Milliseconds())
		}
		_, err := s.run(ctx, s.scripts.read, keys, &answer, args...)
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
func reserved(limits []defender.Limit, percent int) []defender.Limit {
	cut := make([]defender.Limit, len(limits))
	for i, l := range limits {
		cut[i] = defender.Limit{Calls: max(l.Calls*percent/100, 1), Per: l.Per}
	}
	return cut
}

type budgetReply struct {
	timed
	Used  []int `json:"used"`
	Ahead int   `json:"ahead"`
	At    int64 `json:"at"`
}

// Budget is what is left of an action's tightest window, for a request of this many
// calls.
func (s *Store) Budget(ctx context.Context, action defender.Action, calls int) (approvals.Budget, error) {
	var answer budgetReply
	keys := []string{s.keys.queue(action.Post.Name), s.keys.window(action.Post.Name), s.keys.hold(action.Post.Name)}
	if _, err := s.run(ctx, s.scripts.budget, keys, &answer, asJSON(limitPairs(action.Post.Limits)), calls); err != nil {
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
	if answer.At > answer.Time {
		best.Free = time.UnixMilli(answer.At).UTC()
	}
	return best
}

// Window is how the windows of one endpoint stand.
type Window struct {
	Endpoint defender.Endpoint
	Actions  []string    // whose calls are counted there; none: those that serve all actions
	Used     []int       // of each limit, how many calls count now
	Next     []time.Time // of each limit, when its next slot comes; zero: there is a free one
	Waiting  int         // how many calls stand in line
	Oldest   time.Time   // when the first of them was approved; zero: none stands there
	Held     time.Time   // nobody calls before then; zero: everybody may
}

type windowsReply struct {
	timed
	Windows []struct {
		Used    []int   `json:"used"`
		Next    []int64 `json:"next"`
		Waiting int     `json:"waiting"`
		Oldest  int64   `json:"oldest"`
		Held    int64   `json:"held"`
	} `json:"windows"`
}

// Windows is how the windows of these actions stand, and those that serve all actions, all at
// one moment.
func (s *Store) Windows(ctx context.Context, actions []string) ([]Window, error) {
	windows := s.windowsOf(actions)
	var keys []string
	limits := [][][2]int64{}
	for _, w := range windows {
		name := w.Endpoint.Name
		keys = append(keys, s.keys.queue(name), s.keys.window(name), s.keys.hold(name))
		limits = append(limits, limitPairs(w.Endpoint.Limits))
	}
	var answer windowsReply
	if _, err := s.run(ctx, s.scripts.windows, keys, &answer, asJSON(limits)); err != nil {
		return nil, fmt.Errorf("windows: %w", err)
	}
	for i, got := range answer.Windows {
		windows[i].Used, windows[i].Waiting, windows[i].Held = got.Used, got.Waiting, timeOf(got.Held)
		windows[i].Oldest = timeOf(got.Oldest)
		for _, at := range got.Next {
			windows[i].Next = append(windows[i].Next, timeOf(at))
		}
	}
	return windows, nil
}

// windowsOf leaves out the endpoints of other actions.
func (s *Store) windowsOf(actions []string) (windows []Window) {
	for _, e := range s.actions.Endpoints() {
		w, others := Window{Endpoint: e}, false
		for _, a := range s.actions {
			switch {
			case a.Post.Name != e.Name:
			case slices.Contains(actions, a.Name):
				w.Actions = append(w.Actions, a.Name)
			default:
				others = true
			}
		}
		if len(w.Actions) > 0 || !others {
			windows = append(windows, w)
		}
	}
	return windows
}

// Full says that a call may not go before At.
type Full struct {
	At   time.Time
	Held bool // because Defender said so, not because the window is used up
}

// Error says until when.
func (f *Full) Error() string { return "no free slot before " + f.At.Format(time.RFC3339) }
