package ledger

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestSealBatches: what was written comes into seals of 1,000 entries at most, each made on
// the one before, and silence is sealed too.
func TestSealBatches(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		write(t, s, 2*mostSealed+1)
		for i, want := range []struct {
			entries int
			more    bool
		}{{mostSealed, true}, {mostSealed, true}, {1, false}, {0, false}} {
			b := sealed(t, s, now)
			if len(b.Entries) != want.entries || b.More != want.more || b.Before.Number != int64(i) {
				t.Errorf("batch %d behind seal %d: %d entries, more: %v; want %+v", i, b.Before.Number, len(b.Entries), b.More, want)
			}
		}
		if r := verified(t, s, time.Time{}); r.Seals != 4 || r.Entries != 2*mostSealed+1 || r.Unsealed != 0 {
			t.Errorf("%d seals cover %d entries, %d are not sealed", r.Seals, r.Entries, r.Unsealed)
		}
	})
}

// TestSealChanges: the entries of real changes are sealed as they are.
func TestSealChanges(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		approved(t, s, approvalstest.DeviceNo(1))
		if b := sealed(t, s, now); len(b.Entries) != 3 || len(b.None) != 0 {
			t.Errorf("%d entries, %v are none", len(b.Entries), b.None)
		}
		verified(t, s, time.Time{})
	})
}

// TestSealRace: of several who seal at once one adds its seal, and the others nothing.
func TestSealRace(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		for round := range 5 {
			write(t, s, 3)
			var wg sync.WaitGroup
			errs := make([]error, 4)
			for i := range errs {
				wg.Go(func() {
					_, errs[i] = sealAt(t.Context(), s, func(b Batch) time.Time { return b.At.Add(time.Duration(i) * time.Millisecond) })
				})
			}
			wg.Wait()
			for _, err := range errs {
				if err != nil && !errors.Is(err, ErrSealedSince) {
					t.Errorf("round %d: %v", round, err)
				}
			}
			if !slices.Contains(errs, nil) {
				t.Errorf("round %d: nobody sealed", round)
			}
		}
		verified(t, s, time.Time{})
	})
}

// TestSealRepeated: a seal whose answer was lost is there once.
func TestSealRepeated(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		write(t, s, 1)
		b, err := s.Unsealed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		seal, _ := testSealer.Seal(b.Before, b.Entries, b.At)
		for range 2 {
			if err := s.Seal(t.Context(), b, seal); err != nil {
				t.Error(err)
			}
		}
		if r := verified(t, s, time.Time{}); r.Seals != 1 {
			t.Errorf("%d seals", r.Seals)
		}
	})
}

// TestSealGone: what Redis has lost meanwhile is not sealed.
func TestSealGone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		write(t, s, 2)
		_, err := sealAt(t.Context(), s, func(b Batch) time.Time {
			s.rdb.XDel(t.Context(), s.keys.audit(), b.Entries[1].ID)
			return b.At
		})
		if !errors.Is(err, ErrSealedSince) {
			t.Errorf("sealed what is gone: %v", err)
		}
	})
}

// TestSealNone: what is no entry is left out, however much of it there is, and does not keep
// the rest from being sealed.
func TestSealNone(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		_, err := s.rdb.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for range mostSealed + 5 {
				p.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.audit(), Values: []any{"e", "no entry"}})
			}
			p.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.audit(), Values: []any{"e", `{"event":"x"}`, "more", "than an entry"}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		write(t, s, 1)
		if b := sealed(t, s, now); len(b.Entries) != 1 || len(b.None) != mostSealed+6 {
			t.Errorf("%d entries, %d are none", len(b.Entries), len(b.None))
		}
	})
}

// TestSealBroken: behind a seal that somebody has changed nothing is sealed.
func TestSealBroken(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		s.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: s.keys.seals(), ID: "7-0", Values: []any{"note", "no seal"}})
		if _, err := s.Unsealed(t.Context()); err == nil || !strings.Contains(err.Error(), "was changed") {
			t.Errorf("%v, want that it was changed", err)
		}
	})
}

// TestSealTrims: with the seals go the entries that are older than RETENTION, up to a seal,
// which stays; so does the newest entry, whatever its age.
func TestSealTrims(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		for range 3 { // each seal comes late enough for the one before to be trimmed
			write(t, s, 10)
			sealed(t, s, ago(2*time.Hour))
		}
		write(t, s, 10)
		sealed(t, s, ago(time.Minute))
		trail, seals := s.rdb.XLen(t.Context(), s.keys.audit()).Val(), s.rdb.XLen(t.Context(), s.keys.seals()).Val()
		if trail != 10 || seals != 2 {
			t.Errorf("%d entries and %d seals left, want the 10 that are young, their seal and the last one trimmed", trail, seals)
		}
		if r := verified(t, s, s.Now().Add(-time.Hour)); r.Oldest.Number != 3 || r.Newest.Number != 4 {
			t.Errorf("seals %d to %d are left", r.Oldest.Number, r.Newest.Number)
		}
	})
}

// TestSealKeepsNewestEntry: where all is old and nothing more is written, the last entries stay.
func TestSealKeepsNewestEntry(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, time.Hour)
		for range 3 {
			write(t, s, 2)
			sealed(t, s, ago(2*time.Hour))
		}
		for range 3 {
			sealed(t, s, ago(90*time.Minute))
		}
		if n := s.rdb.XLen(t.Context(), s.keys.audit()).Val(); n != 2 {
			t.Errorf("%d entries are left, want the last two", n)
		}
	})
}

// TestSealDaily: the first seal of each day is told to the channel for alarms, whole.
func TestSealDaily(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := sealing(t, addr, 1000*time.Hour)
		day := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
		for i, at := range []time.Time{day, day.Add(30 * time.Second), day.Add(time.Minute), day.Add(2 * time.Minute)} {
			sealed(t, s, func(Batch) time.Time { return at })
			list, err := s.Alarms(t.Context(), 10)
			if err != nil || len(list) != 1+i/2 {
				t.Fatalf("after %v: %d alarms, %v", at, len(list), err)
			}
		}
		list, _ := s.Alarms(t.Context(), 10)
		var note string
		for stored := range s.Seals(t.Context()) {
			if strings.Contains(stored.Note, "\nseal 3\n") {
				note = stored.Note
			}
		}
		a := list[slices.IndexFunc(list, func(a Alarm) bool { return slices.Contains(a.Lines, "seal 3") })]
		if a.Kind != approvals.AlarmSeal || a.Channel != "C9" || strings.Join(a.Lines, "\n")+"\n" != note || note == "" {
			t.Errorf("alarm %+v of\n%s", a, note)
		}
		leaseOf(t, s, "alert:")
	})
}

// TestTakeOverBehindSeal: entries that an older version left come behind the newest seal.
func TestTakeOverBehindSeal(t *testing.T) {
	o := heir(t, "eu")
	write(t, o.Store, 1)
	sealed(t, o.Store, now)
	o.pass(time.Second)
	o.rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: o.old[0].audit(), ID: "1-1", Values: []any{"e", `{"event":"old"}`}})
	o.rdb.Del(t.Context(), o.keys.audit()) // so that every id is free again
	if err := o.inheritTrail(t.Context(), o.old[0]); err != nil {
		t.Fatal(err)
	}
	b, err := o.Unsealed(t.Context())
	if err != nil || len(b.Entries) != 1 {
		t.Errorf("%d entries can be sealed, %v; want the old one", len(b.Entries), err)
	}
}

// TestTendSeals: the sealing comes back on the agenda, and its age is that of the newest seal.
func TestTendSeals(t *testing.T) {
	m := newMoment(t, testActions())
	m.pass(10 * time.Second)
	if age := m.SealAge(); age != 10*time.Second {
		t.Errorf("without a seal the age is %v, want since the start", age)
	}
	for range 2 {
		if err := m.TendSeals(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	l := leaseOf(t, m.Store, "seal:")
	if err := m.Finish(t.Context(), l, m.Now().Add(time.Minute), approvals.Request{}); err != nil {
		t.Fatal(err)
	}
	if err := m.TendSeals(t.Context()); err != nil {
		t.Fatal(err)
	}
	if at, _ := m.redis.ZScore(m.keys.agenda(), "seal:"); at != float64(m.Now().Add(time.Minute).UnixMilli()) {
		t.Errorf("due at %v, want in a minute, as it was", at)
	}
	sealed(t, m.Store, now)
	m.pass(time.Minute)
	other := unprepared(m.rdb, testActions()) // another process, which learns it from Redis
	other.clock = m.time
	prepare(t, other)
	for _, s := range []*Store{m.Store, other} {
		if err := s.TendSeals(t.Context()); err != nil || s.SealAge() != time.Minute {
			t.Errorf("%v, age %v, want a minute", err, s.SealAge())
		}
	}
}
