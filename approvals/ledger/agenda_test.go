package ledger

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestAgendaHeld: what is due and who holds it are two things. A lease leaves the
// due time alone, and keeps every process from the member.
func TestAgendaHeld(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, other := newTestStore(t, redistest.Client(t, addr), testActions()), newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		score := func() int64 { return int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val()) }
		due := score()
		c := leaseOf(t, s, approvals.Clock.Member(r.ID))
		if score() != due || c.Due != due {
			t.Errorf("due at %d, then %d, in the lease %d", due, score(), c.Due)
		}
		got, next, err := other.Lease(t.Context(), 10)
		if err != nil || len(got) != 0 {
			t.Errorf("another process claims %v, %v", got, err)
		}
		if next.UnixMilli() != c.Token { // else what a process that dies holds lies about until somebody looks by chance
			t.Errorf("it looks again at %s, want when the lease ends, %s", next, timeOf(c.Token))
		}
		at := s.Now().Add(time.Minute)
		if err := s.Finish(t.Context(), c, at, approvals.Request{}); err != nil || score() != at.UnixMilli() {
			t.Errorf("due at %d (%v), want %d", score(), err, at.UnixMilli())
		}
		if n := s.rdb.ZScore(t.Context(), s.keys.held(), r.ID).Val(); n != 0 {
			t.Errorf("held until %.0f after it was given back", n)
		}
	})
}

// TestAgendaSetWhileHeld: whatever others set while somebody holds a member
// outlives what that one decides from what it had read before, also where both
// are the same moment.
func TestAgendaSetWhileHeld(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, approvals.Resolve{Devices: r.Devices})
		s.rdb.ZAdd(t.Context(), s.keys.agenda(), z(approvals.Clock.Member(r.ID), r.Deadline())) // as after the reminder
		s.rdb.ZAdd(t.Context(), s.keys.agenda(), z(approvals.Draw.Member(r.ID), s.Now().Add(-time.Second)))
		for _, k := range []approvals.Kind{approvals.Clock, approvals.Draw} {
			s.rdb.ZAdd(t.Context(), s.keys.held(), z(k.Member(r.ID), s.Now().Add(time.Minute)))
		}
		was := map[approvals.Kind]int64{}
		for _, k := range []approvals.Kind{approvals.Clock, approvals.Draw} {
			was[k] = int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), k.Member(r.ID)).Val())
		}
		r = apply(t, s, r, approvals.Remind{})               // the deadline is the next timer, as it was, and the card is behind, as it was
		r = apply(t, s, r, approvals.Show{TS: "1", Told: 1}) // and so it is once more
		for _, k := range []approvals.Kind{approvals.Clock, approvals.Draw} {
			c := Lease{Member: k.Member(r.ID), Due: was[k], Token: int64(s.rdb.ZScore(t.Context(), s.keys.held(), k.Member(r.ID)).Val())}
			late := s.Now().Add(time.Hour)
			if err := s.Finish(t.Context(), c, late, approvals.Request{}); err != nil {
				t.Fatal(err)
			}
			if got := int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), k.Member(r.ID)).Val()); got == late.UnixMilli() || got > was[k] {
				t.Errorf("%q is due at %d, and others set %d while it was held", k.Member(r.ID), got, was[k])
			}
		}
	})
}

// TestAgendaLaterKind leaves alone what only a later version knows, however much
// of it is overdue, and gets at what is behind it.
func TestAgendaLaterKind(t *testing.T) {
	for _, many := range []int{1, 2, 3, 5, 6, 7, 125, 126, 127, 1000} {
		o := newMoment(t, testActions())
		later := func(n int) string { return fmt.Sprintf("home2:U%04d", n) }
		for n := range many {
			o.redis.ZAdd(o.keys.agenda(), 1, later(n))
		}
		leaseOf(t, o.Store, approved(t, o.Store, approvalstest.DeviceNo(1)).ID)
		for n := range many {
			if at, err := o.redis.ZScore(o.keys.agenda(), later(n)); err != nil || at != 1 {
				t.Errorf("of %d, number %d is due at %.0f, %v", many, n, at, err)
			}
		}
	}
}

// TestAgendaStrangeTimes: a due time that is none stops nobody, and its member is
// due now.
func TestAgendaStrangeTimes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		for i, at := range []float64{math.Inf(1), math.Inf(-1), 1.5, 1e17, -1e17} {
			s.rdb.ZAdd(t.Context(), s.keys.agenda(), redis.Z{Score: at, Member: fmt.Sprint("D-", i)})
		}
		got, _, err := s.Lease(t.Context(), 10)
		if err != nil || len(got) != 5 {
			t.Fatalf("leased %v, %v; want 5", got, err)
		}
		for _, l := range got {
			if in := time.UnixMilli(l.Due).Sub(s.Now()).Abs(); in > time.Minute {
				t.Errorf("%s was due %s from now", l.Member, in)
			}
			if err := s.Finish(t.Context(), l, time.Time{}, approvals.Request{}); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.rdb.ZCard(t.Context(), s.keys.agenda()).Val(); n != 0 {
			t.Errorf("%d are still there", n)
		}
	})
}

// TestAgendaHeldTooLong: a lease that ends later than any can, because Redis's clock
// was ahead, keeps nobody away.
func TestAgendaHeldTooLong(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		s.rdb.ZAdd(t.Context(), s.keys.held(), z(r.ID, s.Now().Add(24*time.Hour)))
		leaseOf(t, s, r.ID)
	})
}

// TestAgendaOfOneKindInUse leaves alone what a version before this one works on,
// until something there is overdue or the update has taken too long.
func TestAgendaOfOneKindInUse(t *testing.T) {
	for name, tt := range map[string]struct {
		due, wait time.Duration
		want      bool
	}{
		"in use":         {5 * time.Second, 5*time.Second + neglected, false},
		"nobody's":       {5 * time.Second, 6*time.Second + neglected, true},
		"still far away": {time.Hour, time.Minute, false},
		"at last":        {time.Hour, UpdateLimit + time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			o := newMoment(t, testActions())
			at := float64(o.Now().Add(tt.due).UnixMilli())
			o.redis.ZAdd(o.keys.oneAgenda(), at, "D-1")
			o.pass(tt.wait)
			if _, err := o.TakeOver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := o.redis.ZScore(o.keys.agenda(), "D-1"); (err == nil) != tt.want || tt.want && got != at {
				t.Errorf("due at %.0f (%v), want %.0f: %t", got, err, at, tt.want)
			}
		})
	}
}

// TestAgendaOfOneKindGoesOn has a version before this one still commit: what it
// sets comes over too, where it is sooner.
func TestAgendaOfOneKindGoesOn(t *testing.T) {
	o := newMoment(t, testActions())
	o.redis.ZAdd(o.keys.agenda(), 2000, "D-1")
	o.redis.ZAdd(o.keys.agenda(), 1000, "D-2")
	o.redis.ZAdd(o.keys.oneAgenda(), 1500, "D-1")
	o.redis.ZAdd(o.keys.oneAgenda(), 1500, "D-2")
	if _, err := o.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]float64{"D-1": 1500, "D-2": 1000} {
		if at, err := o.redis.ZScore(o.keys.agenda(), member); err != nil || at != want {
			t.Errorf("%s is due at %.0f (%v), want %.0f", member, at, err, want)
		}
	}
}
