package ledger

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// losing is a store whose Redis carries scripts out, but whose next answer is
// lost on the way when drop is called.
func losing(t *testing.T, addr string) (s *Store, drop func()) {
	t.Helper()
	proxy := newDropper(t, addr)
	s = newTestStore(t, redistest.Client(t, proxy.addr), testActions())
	return s, func() { proxy.drop.Store(1) }
}

// TestStoreLostLease: a lease whose answer was lost ends by itself; until then nobody has
// the member, and its due time stays.
func TestStoreLostLease(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, drop := losing(t, addr)
		r := approved(t, s, approvalstest.DeviceNo(1))
		drop()
		got, _, err := s.Lease(t.Context(), 10)
		if err != nil || len(got) != 0 {
			t.Fatalf("the repeat of a lost lease: %v and %v, want nothing", got, err)
		}
		for _, k := range []approvals.Kind{approvals.Clock, approvals.Draw} {
			until := s.rdb.ZScore(t.Context(), s.keys.held(), k.Member(r.ID)).Val()
			lease := time.Duration(leaseTerms()[k]) * time.Millisecond
			if in := time.UnixMilli(int64(until)).Sub(s.Now()); in <= 0 || in > lease {
				t.Errorf("%s is held for %s, want at most %s", k.Member(r.ID), in, lease)
			}
			if due := s.rdb.ZScore(t.Context(), s.keys.agenda(), k.Member(r.ID)).Val(); int64(due) > s.Now().UnixMilli() {
				t.Errorf("%s is due at %.0f: a lease has moved it", k.Member(r.ID), due)
			}
		}
	})
}

// TestStoreLostFinish: a lost finish is not undone.
func TestStoreLostFinish(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, drop := losing(t, addr)
		approved(t, s, approvalstest.DeviceNo(1))
		got, _, err := s.Lease(t.Context(), 10)
		if err != nil || len(got) != 2 {
			t.Fatalf("lease: %v and %v", got, err)
		}
		at := s.Now().Add(7 * time.Minute)
		for _, c := range got {
			drop()
			if err := s.Finish(t.Context(), c, at, approvals.Request{}); err != nil {
				t.Fatal(err)
			}
			if score := s.rdb.ZScore(t.Context(), s.keys.agenda(), c.Member).Val(); score != float64(at.UnixMilli()) {
				t.Errorf("%s is due at %.0f, want %d", c.Member, score, at.UnixMilli())
			}
		}
	})
}

// TestStoreLostBookReads: a lost read books one slot.
func TestStoreLostBookReads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, drop := losing(t, addr)
		e := defender.Endpoint{Name: "machines", Limits: []defender.Limit{{Calls: 10, Per: time.Minute}}}
		drop()
		at, err := s.BookReads(t.Context(), e, 1, ForCall())
		if err != nil || !at.IsZero() {
			t.Errorf("got %s and %v, want that it may go now", at, err)
		}
		if n := s.rdb.ZCard(t.Context(), s.keys.window("machines")).Val(); n != 1 {
			t.Errorf("%d slots booked, want 1", n)
		}
		until := s.Now().Add(time.Hour)
		drop()
		if err := s.HoldReads(t.Context(), e, until); err != nil {
			t.Fatal(err)
		}
		if at, err := s.BookReads(t.Context(), e, 1, ForCall()); err != nil || !at.Equal(until) {
			t.Errorf("after a lost pause: %s and %v, want %s", at, err, until)
		}
	})
}

// TestStoreLostBudget: a lost budget is asked for again.
func TestStoreLostBudget(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, drop := losing(t, addr)
		approved(t, s, approvalstest.DeviceNo(1))
		action, _ := s.Action("collect")
		drop()
		got, err := s.Budget(t.Context(), action, 1)
		if err != nil || got.Ahead != 1 || got.Left != 2 {
			t.Errorf("got %+v and %v, want 2 left and 1 ahead", got, err)
		}
	})
}

// TestStoreLostApplyAndLease drops the answer of the click that approves:
// the call still goes at once, not after the lease that nobody knew of.
func TestStoreLostApplyAndLease(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, drop := losing(t, addr)
		r, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, approvals.Resolve{Devices: r.Devices})
		drop()
		r, c, err := s.ApplyAndLease(t.Context(), NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		})
		if err != nil || r.State != approvals.Approved {
			t.Fatalf("%s and %v", r.State, err)
		}
		if until := s.rdb.ZScore(t.Context(), s.keys.held(), r.ID).Val(); c.Token == 0 || float64(c.Token) != until {
			t.Errorf("in hand until %d, Redis says %.0f", c.Token, until)
		}
	})
}

// TestStoreLostWait freezes the only replica and loses
// the answer: the repeat finds the change made and must still say that it
// could be lost with the master.
func TestStoreLostWait(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		replica := redistest.StartReplica(t, server)
		proxy := newDropper(t, server.Addr)
		s := NewStore(StoreConfig{
			Redis: redistest.Client(t, proxy.addr), Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now, Replicas: 1,
		})
		prepare(t, s)
		n := 1
		waitFor(t, func(ctx context.Context) bool { // the replica keeps up; the connection is used again
			n++
			_, err := s.Create(ctx, NewOp(), approvalstest.Asked(approvalstest.DeviceNo(n)), 0)
			return err == nil
		})
		thaw := replica.Freeze(t)
		proxy.drop.Store(1)
		_, err := s.Create(t.Context(), Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if !errors.Is(err, approvals.ErrTooFewReplicas) || proxy.drop.Load() > 0 {
			t.Errorf("got %v, want too few replicas", err)
		}
		if !opKept(t, s, "a") {
			t.Error("it was not recorded: this test shows nothing")
		}
		thaw()
		waitFor(t, func(ctx context.Context) bool { // the same again is confirmed once the replica is back
			_, err := s.Create(ctx, Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
			return err == nil
		})
	})
}

// cut is a hook that makes a command fail a number of times from now on, as if Redis went
// away between two commands.
type cut struct {
	command string
	times   *atomic.Int32
}

func cuts(command string, times int32) cut {
	c := cut{command, new(atomic.Int32)}
	c.times.Store(times)
	return c
}

func (cut) DialHook(next redis.DialHook) redis.DialHook { return next }

func (cut) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (c cut) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == c.command && c.times.Add(-1) >= 0 {
			cmd.SetErr(errCut)
			return errCut
		}
		return next(ctx, cmd)
	}
}

var errCut = errors.New("read: connection reset by peer")

// TestStoreBrokenReply cuts Redis off where a change has
// to read the record again.
func TestStoreBrokenReply(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		old, err := s.Create(t.Context(), Op{ID: "envelope"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		yes := func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		}
		s.rdb.AddHook(cuts("get", math.MaxInt32))
		if _, err := s.Apply(t.Context(), NewOp(), old, yes); !errors.Is(err, approvals.ErrNotRecorded) {
			t.Errorf("refused on an old record that cannot be read again: got %v, want nothing was recorded", err)
		}
		if _, err := s.Create(t.Context(), Op{ID: "envelope"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0); !errors.Is(err, approvals.ErrUnconfirmed) {
			t.Errorf("a repeat whose request cannot be read: got %v, want could not confirm", err)
		}
	})
}
