package ledger

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// watching is a store of one more process, which counts how often it found that Redis
// had lost changes.
func watching(t *testing.T, addr string, keep time.Duration) (s *Store, found *atomic.Int64) {
	t.Helper()
	found = new(atomic.Int64)
	s = NewStore(StoreConfig{
		Redis: redistest.Client(t, addr), Tenant: Tenant{"global", "tenant", "client"}, Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now,
		Retention: keep, Lost: func() { found.Add(1) },
	})
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, found
}

func look(t *testing.T, s *Store) {
	t.Helper()
	if _, _, err := s.Lease(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
}

// trailOf are the ids of the audit trail's entries.
func trailOf(t *testing.T, s *Store) (ids []string) {
	t.Helper()
	for _, m := range s.rdb.XRange(t.Context(), s.keys.audit(), "-", "+").Val() {
		ids = append(ids, m.ID)
	}
	return ids
}

// TestStoreSetBack: after Redis has lost its newest audit entry, one of the processes
// that have seen it says so, no call of a request from before is sent, and those of
// later requests are.
func TestStoreSetBack(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, found := watching(t, addr, time.Hour)
		other, foundThere := watching(t, addr, time.Hour)
		r := approved(t, s, approvalstest.DeviceNo(1))
		look(t, s)
		look(t, other)
		ids := trailOf(t, s)
		s.rdb.XDel(t.Context(), s.keys.audit(), ids[len(ids)-1])

		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); !approvals.IsRefusal(err, approvals.RolledBack) {
			t.Errorf("before anybody has looked: %v, want that it is refused", err)
		}
		for range 2 {
			look(t, s)
			look(t, other)
		}
		if n := found.Load() + foundThere.Load(); n != 1 {
			t.Errorf("it was found %d times, want once", n)
		}
		entries, err := redistest.Trail(t.Context(), s.rdb, s.keys.audit())
		if err != nil {
			t.Fatal(err)
		}
		told := slices.DeleteFunc(entries, func(e audit.Entry) bool { return e.Event != "setback" })
		if len(told) != 1 || told[0].Detail != "entry "+ids[len(ids)-1]+" is gone" || told[0].At.IsZero() {
			t.Errorf("the trail tells %+v, want it once", told)
		}
		if _, err := other.Apply(t.Context(), NewOp(), r, sending(other, 0)); !approvals.IsRefusal(err, approvals.RolledBack) {
			t.Errorf("a call from before: %v, want that it is refused", err)
		}
		for wait := s.Now().Truncate(time.Millisecond); !s.Now().After(wait); { // so that it is asked for later
			look(t, s)
		}
		later := approved(t, s, approvalstest.DeviceNo(2))
		if _, err := s.Apply(t.Context(), NewOp(), later, sending(s, 0)); err != nil {
			t.Errorf("a call of a later request: %v", err)
		}
	})
}

// TestStoreSetBackOwn: a process knows what it has written itself before it looks again.
func TestStoreSetBackOwn(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, found := watching(t, addr, time.Hour)
		other, foundThere := watching(t, addr, time.Hour)
		r, next := approved(t, s, approvalstest.DeviceNo(1)), approved(t, s, approvalstest.DeviceNo(2))
		look(t, s)
		look(t, other)
		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); err != nil {
			t.Fatal(err)
		}
		ids := trailOf(t, s)
		s.rdb.XDel(t.Context(), s.keys.audit(), ids[len(ids)-1])
		look(t, other)
		look(t, s)
		if found.Load() != 1 || foundThere.Load() != 0 {
			t.Errorf("found %d times by the one that wrote, %d by the other; want once", found.Load(), foundThere.Load())
		}
		if _, err := other.Apply(t.Context(), NewOp(), next, sending(other, 0)); !approvals.IsRefusal(err, approvals.RolledBack) {
			t.Errorf("a call from before, by the other: %v, want that it is refused", err)
		}
		look(t, other)
		if !other.SetBack(next.Asked) || other.SetBack(other.Now().Add(time.Second)) {
			t.Error("the other does not know what may be forgotten, and what not")
		}
	})
}

// TestStoreSuspectCounts: a call that may have been sent counts in its window, also in
// one that is full.
func TestStoreSuspectCounts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		action, _ := s.Action("collect")
		var slots []string
		for n := range 4 {
			r := approved(t, s, approvalstest.DeviceNo(n))
			apply(t, s, r, approvals.On{Call: 0, Event: approvals.Suspect{Why: approvals.Why{Reason: approvals.RolledBack}}})
			slots = append(slots, slotOf(r.ID, 0, 1))
		}
		booked := s.rdb.ZRange(t.Context(), s.keys.window(action.Post.Name), 0, -1).Val()
		for _, slot := range slots {
			if !slices.Contains(booked, slot) {
				t.Errorf("%s is not among %q", slot, booked)
			}
		}
		last := approved(t, s, approvalstest.DeviceNo(9))
		var full *Full
		if _, err := s.Apply(t.Context(), NewOp(), last, sending(s, 0)); !errors.As(err, &full) {
			t.Errorf("a call after four that may have been sent: %v, want that the window is full", err)
		}
	})
}

// TestStoreElsewhere: nothing is sent to a Redis that was restarted since this process
// has looked, before others can have looked too.
func TestStoreElsewhere(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		s, _ := watching(t, server.Addr, time.Hour)
		r := approved(t, s, approvalstest.DeviceNo(1))
		look(t, s)
		server.Kill(t)
		server.Up(t)
		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); !errors.Is(err, ErrElsewhere) {
			t.Errorf("right after the restart: %v, want %v", err, ErrElsewhere)
		}
		if left := s.SettledAt().Sub(s.Clock()); left <= time.Second || left > settle {
			t.Errorf("settled in %s", left)
		}
		look(t, s)
		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); err != nil {
			t.Errorf("after it has looked: %v", err)
		}
	})
}

// TestStoreSetBackWindows: what a process has sent counts also where Redis has lost it,
// and where it takes more than one try to put it back.
func TestStoreSetBackWindows(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, _ := watching(t, addr, time.Hour)
		for n := range 2 { // as many as its window allows
			r := approved(t, s, approvalstest.DeviceNo(n))
			r, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0))
			if err != nil {
				t.Fatal(err)
			}
			apply(t, s, r, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: r.ID}}})
		}
		look(t, s)
		s.rdb.FlushAll(t.Context())
		s.rdb.AddHook(cuts("zadd", 1))
		look(t, s)
		look(t, s)
		other, _ := watching(t, addr, time.Hour)
		for since := other.Now(); !other.Now().After(since.Add(2 * time.Millisecond)); { // so that it is asked for later
			look(t, other)
		}
		r := approved(t, other, approvalstest.DeviceNo(3))
		var full *Full
		if _, err := other.Apply(t.Context(), NewOp(), r, sending(other, 0)); !errors.As(err, &full) {
			t.Errorf("another process sends: %v, want that the window is full", err)
		}
	})
}

// TestNewest: answers come in any order, and entries of one millisecond have an order.
func TestNewest(t *testing.T) {
	var n newest
	for _, tt := range [][2]string{{"", ""}, {"5-0", "5-0"}, {"4-9", "5-0"}, {"5-2", "5-2"}, {"5-1", "5-2"}, {"10-0", "10-0"}, {"", "10-0"}} {
		if n.sees(tt[0]); n.seen() != tt[1] {
			t.Errorf("after %q the newest is %q, want %q", tt[0], n.seen(), tt[1])
		}
	}
}

// TestStoreSetBackToNothing: a Redis that was emptied has lost all, whoever writes
// there first.
func TestStoreSetBackToNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, found := watching(t, addr, time.Hour)
		approved(t, s, approvalstest.DeviceNo(1))
		look(t, s)
		s.rdb.FlushAll(t.Context())
		other, _ := watching(t, addr, time.Hour)
		approved(t, other, approvalstest.DeviceNo(2))
		look(t, s)
		if found.Load() != 1 {
			t.Errorf("found %d times, want once", found.Load())
		}
	})
}

// TestStoreTrimmedTrail: an entry that was trimmed because it is old is not lost.
func TestStoreTrimmedTrail(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, found := watching(t, addr, time.Nanosecond)
		approved(t, s, approvalstest.DeviceNo(1))
		look(t, s)
		seen := s.newest.seen()
		approved(t, s, approvalstest.DeviceNo(2))
		ids := trailOf(t, s)
		s.rdb.XTrimMinID(t.Context(), s.keys.audit(), ids[len(ids)-1])
		look(t, s)
		if found.Load() != 0 || s.newest.seen() == seen {
			t.Errorf("found %d times that changes are lost, seen %s, then %s", found.Load(), seen, s.newest.seen())
		}
	})
}
