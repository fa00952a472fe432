package ledger

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// jumps are the jumps that stores were told of.
type jumps struct {
	mu sync.Mutex
	by []time.Duration
}

func (j *jumps) add(by time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.by = append(j.by, by)
}

// another is a second process beside m, on a clock of its own that starts where m's
// is.
func (m *moment) another(t *testing.T) *moment {
	t.Helper()
	o := &moment{redis: m.redis, now: m.time()}
	o.Store = unprepared(m.rdb, m.actions)
	o.clock, o.jumped = o.time, m.jumped
	if err := o.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

// jump moves Redis's clock alone.
func (m *moment) jump(by time.Duration) { m.redis.SetTime(m.time().Add(by)) }

// left sends calls until the window is full and says how many.
func left(t *testing.T, s *Store, from int) (n int) {
	t.Helper()
	for ; n < 100; n++ {
		r := approved(t, s, approvalstest.DeviceNo(from+n))
		_, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0))
		if isFull(err) {
			apply(t, s, r, approvals.Cancel{By: approvalstest.Asker}) // it would wait in front of the next
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// jumpActions is a catalogue with a window of five an hour.
func jumpActions() defender.Catalogue {
	actions := testActions()
	actions[0].Post.Limits = []defender.Limit{{Calls: 5, Per: time.Hour}}
	return actions
}

// TestClockJumps has Redis's clock jump in front of two processes: all that
// Microsoft can still count is counted, neither less nor more, it is said once, and
// a window is free again when an hour has really passed.
func TestClockJumps(t *testing.T) {
	for name, by := range map[string]time.Duration{
		"an hour ahead": time.Hour, "two months ahead": 1440 * time.Hour, "some seconds ahead": 5 * time.Second,
		"an hour back": -time.Hour, "some seconds back": -5 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			m, told := newMoment(t, jumpActions()), &jumps{}
			m.jumped = told.add
			other := m.another(t)
			for i := range 3 {
				r := approved(t, m.Store, approvalstest.DeviceNo(i))
				r, err := m.Apply(t.Context(), NewOp(), r, sending(m.Store, 0))
				if err != nil {
					t.Fatal(err)
				}
				if i > 0 { // the first one's answer never comes
					apply(t, m.Store, r, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: r.ID}}})
				}
			}
			m.pass(time.Minute)
			other.now = m.now
			if _, _, err := other.Lease(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			m.jump(by)
			if n := left(t, other.Store, 10); n != 2 {
				t.Errorf("%d calls left right after the jump, want the 2 of 5 that were not made", n)
			}
			if n := left(t, m.Store, 20); n != 0 {
				t.Errorf("%d calls left for the other process, want 0", n)
			}
			if len(told.by) != 1 || (told.by[0]-by).Abs() > time.Second {
				t.Errorf("told of %v, want once of %s", told.by, by)
			}
			shifted := func(d time.Duration) {
				for _, one := range []*moment{m, other} {
					one.now = one.now.Add(d)
				}
				m.jump(by)
			}
			shifted(59 * time.Minute)
			if n := left(t, m.Store, 30); n != 0 {
				t.Errorf("%d calls left after 59 minutes, want 0", n)
			}
			shifted(2 * time.Minute)
			if n := left(t, m.Store, 40); n != 5 {
				t.Errorf("%d calls left after more than an hour, want 5", n)
			}
			if len(told.by) != 1 {
				t.Errorf("told of %v", told.by)
			}
		})
	}
}

// TestClockJumpsAtTheEdge: a slot that is free only because the clock has just
// jumped is not given, although nobody has noticed yet.
func TestClockJumpsAtTheEdge(t *testing.T) {
	m := newMoment(t, jumpActions())
	for i := range 5 {
		r, err := m.Apply(t.Context(), NewOp(), approved(t, m.Store, approvalstest.DeviceNo(i)), sending(m.Store, 0))
		if err != nil {
			t.Fatal(err)
		}
		apply(t, m.Store, r, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: r.ID}}})
	}
	m.pass(time.Hour - 200*time.Millisecond)
	waits := approved(t, m.Store, approvalstest.DeviceNo(5))
	m.jump(1500 * time.Millisecond)
	if _, err := m.Apply(t.Context(), NewOp(), waits, sending(m.Store, 0)); !isFull(err) {
		t.Errorf("a sixth call in an hour: %v", err)
	}
}

// TestClockJumpsOvertaken has an answer from before the jump come in after one from
// behind it: that is no second jump.
func TestClockJumpsOvertaken(t *testing.T) {
	m, told := newMoment(t, jumpActions()), &jumps{}
	m.jumped = told.add
	sent, before := m.now, m.Now()
	m.pass(time.Second)
	m.jump(time.Hour)
	if _, _, err := m.Lease(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	m.learn(t.Context(), reading{before, sent, m.now})
	if ahead := m.Now().Sub(m.now); ahead != time.Hour || len(told.by) != 1 {
		t.Errorf("told of %v, and Redis is taken for %s ahead", told.by, ahead)
	}
}

// TestClockJumpsReads: windows of reads are no others.
func TestClockJumpsReads(t *testing.T) {
	m := newMoment(t, jumpActions())
	e := defender.MachinesEndpoint()
	all := slices.MinFunc(e.Limits, func(a, b defender.Limit) int { return int(a.Per - b.Per) }).Calls
	if at, err := m.BookReads(t.Context(), e, all-1, ForCall()); err != nil || !at.IsZero() {
		t.Fatalf("%v, %v", at, err)
	}
	m.jump(time.Hour)
	if at, err := m.BookReads(t.Context(), e, 2, ForCall()); err != nil || at.IsZero() {
		t.Errorf("two reads where one is left may go at %v, %v", at, err)
	}
	if at, err := m.BookReads(t.Context(), e, 1, ForCall()); err != nil || !at.IsZero() {
		t.Errorf("the one that is left has to wait for %v, %v", at, err)
	}
}

// TestClockJumpsHold: what Defender asked for goes on for as long as it had left.
func TestClockJumpsHold(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 2 * time.Hour, "back": -2 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			m := newMoment(t, jumpActions())
			e := defender.MachinesEndpoint()
			if err := m.HoldReads(t.Context(), e, m.Now().Add(50*time.Second)); err != nil {
				t.Fatal(err)
			}
			m.jump(by)
			at, err := m.BookReads(t.Context(), e, 1, ForCall())
			if in := at.Sub(m.Now()); err != nil || in < 49*time.Second || in > 51*time.Second {
				t.Errorf("held for another %s, %v; want 50s", in, err)
			}
		})
	}
}

// TestClockNoJump is about what looks like one and is none: an answer that was long
// on the way, a small difference between two servers, a process that was stopped.
func TestClockNoJump(t *testing.T) {
	for name, happens := range map[string]func(m *moment){
		"a slow answer":                    func(m *moment) { m.slow(30 * time.Second) },
		"a failover to a clock 900 ms off": func(m *moment) { m.jump(900 * time.Millisecond) },
		"and one that is behind":           func(m *moment) { m.jump(-900 * time.Millisecond) },
		"a process that was stopped":       func(m *moment) { m.pass(3 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			m, told := newMoment(t, jumpActions()), &jumps{}
			m.jumped = told.add
			happens(m)
			for range 3 {
				if _, _, err := m.Lease(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
			}
			if len(told.by) > 0 {
				t.Errorf("taken for a jump of %v", told.by)
			}
		})
	}
}

// slow has the next answer take that long, half of it on the way there.
func (m *moment) slow(d time.Duration) {
	ways := 0
	m.rdb.AddHook(delay(func() {
		if ways++; ways <= 2 {
			m.pass(d / 2)
		}
	}))
}

// delay is called before each command and after it.
type delay func()

// DialHook delays nothing.
func (d delay) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook delays nothing.
func (d delay) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook delays on both ways.
func (d delay) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		d()
		err := next(ctx, cmd)
		d()
		return err
	}
}

// TestClockJumpNotCounted has Redis refuse to count the windows anew: nothing is
// sent until it does.
func TestClockJumpNotCounted(t *testing.T) {
	m, told := newMoment(t, jumpActions()), &jumps{}
	m.jumped = told.add
	waits := approved(t, m.Store, approvalstest.DeviceNo(1))
	m.redis.HSet(m.keys.jump(), "another", "type")
	m.jump(time.Hour)
	if _, err := m.Apply(t.Context(), NewOp(), waits, sending(m.Store, 0)); !errors.Is(err, approvals.ErrNotRecorded) {
		t.Errorf("sent on a clock that jumped: %v", err)
	}
	if len(told.by) > 0 {
		t.Errorf("told of %v before anything was done", told.by)
	}
	m.redis.Del(m.keys.jump())
	if _, err := m.Apply(t.Context(), NewOp(), waits, sending(m.Store, 0)); err != nil || len(told.by) != 1 {
		t.Errorf("when Redis does it: %v, told of %v", err, told.by)
	}
}
