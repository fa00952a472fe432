package ledger

import (
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
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
		seen := s.seen()
		approved(t, s, approvalstest.DeviceNo(2))
		ids := trailOf(t, s)
		s.rdb.XTrimMinID(t.Context(), s.keys.audit(), ids[len(ids)-1])
		look(t, s)
		if found.Load() != 0 || s.seen() == seen {
			t.Errorf("found %d times that changes are lost, seen %s, then %s", found.Load(), seen, s.seen())
		}
	})
}
