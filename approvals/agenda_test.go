package approvals

import (
	"net/http"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/redistest"
)

// TestAgendaHeld: what is due and who holds it are two things. A claim leaves the
// due time alone, and keeps every process from the member.
func TestAgendaHeld(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, other := newTestStore(t, redistest.Client(t, addr), testActions()), newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, device(1))
		score := func() int64 { return int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val()) }
		due := score()
		c := claimOf(t, s, Clock.of(r.ID))
		if score() != due || c.Due != due {
			t.Errorf("due at %d, then %d, in the claim %d", due, score(), c.Due)
		}
		if got, _, err := other.claim(t.Context(), 10); err != nil || len(got) != 0 {
			t.Errorf("another process claims %v, %v", got, err)
		}
		at := s.Now().Add(time.Minute)
		if err := s.finish(t.Context(), c, at); err != nil || score() != at.UnixMilli() {
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
		r, err := s.Create(t.Context(), newOp(), asked(device(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, Resolve{Devices: r.Devices})
		s.rdb.ZAdd(t.Context(), s.keys.agenda(), z(Clock.of(r.ID), r.Deadline())) // as after the reminder
		s.rdb.ZAdd(t.Context(), s.keys.agenda(), z(Draw.of(r.ID), s.Now().Add(-time.Second)))
		for _, k := range []Kind{Clock, Draw} {
			s.rdb.ZAdd(t.Context(), s.keys.held(), z(k.of(r.ID), s.Now().Add(time.Minute)))
		}
		was := map[Kind]int64{}
		for _, k := range []Kind{Clock, Draw} {
			was[k] = int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), k.of(r.ID)).Val())
		}
		r = apply(t, s, r, Remind{}) // the deadline is the next timer, as it was, and the card is behind, as it was
		for _, k := range []Kind{Clock, Draw} {
			c := claimed{Member: k.of(r.ID), Due: was[k], Token: int64(s.rdb.ZScore(t.Context(), s.keys.held(), k.of(r.ID)).Val())}
			late := s.Now().Add(time.Hour)
			if err := s.finish(t.Context(), c, late); err != nil {
				t.Fatal(err)
			}
			if got := int64(s.rdb.ZScore(t.Context(), s.keys.agenda(), k.of(r.ID)).Val()); got == late.UnixMilli() || got > was[k] {
				t.Errorf("%q is due at %d, and others set %d while it was held", k.of(r.ID), got, was[k])
			}
		}
	})
}

// TestAgendaMissing: what is missing of a request on the agenda is put there by
// whoever looks at the rest of it.
func TestAgendaMissing(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusInternalServerError) }, chatter{}, nil)
	r := o.working("collect", 1, 1)
	o.redis.ZRem(o.store.keys.agenda(), Look.of(r.ID))
	o.redis.ZRem(o.store.keys.agenda(), Draw.of(r.ID))
	o.redis.ZAdd(o.store.keys.agenda(), float64(o.clock().UnixMilli()), r.ID)
	o.take(t.Context(), claimOf(t, o.store, r.ID))
	for _, k := range []Kind{Look, Draw} {
		if at, err := o.redis.ZScore(o.store.keys.agenda(), k.of(r.ID)); err != nil || at == 0 {
			t.Errorf("%s is not on the agenda: %v", k.of(r.ID), err)
		}
	}
}

// TestAgendaLaterKind leaves alone what only a later version knows.
func TestAgendaLaterKind(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	o.redis.ZAdd(o.store.keys.agenda(), 1, "seal:2026-03-01")
	r := o.working("collect", 1, 0)
	claimOf(t, o.store, r.ID)
	if at, err := o.redis.ZScore(o.store.keys.agenda(), "seal:2026-03-01"); err != nil || at != 1 {
		t.Errorf("it is due at %.0f, %v", at, err)
	}
}

// TestAgendaOfOneKind takes over what the version before left, whose agenda had
// one member for all that is not the card: a request that is checked, one
// pending, one denied, and one with calls that run, wait and are uncertain.
func TestAgendaOfOneKind(t *testing.T) {
	reads := map[string]int{}
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		reads[r.Method]++
		http.Error(w, "{}", http.StatusInternalServerError)
	}, chatter{}, nil)
	put(t, o.store.rdb, "testdata/inherit/one-agenda.json")
	if _, err := o.store.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.redis.Exists(o.store.keys.oneAgenda()) {
		t.Error("something is left on the old agenda")
	}
	o.pass(2 * time.Minute) // leases of the version before have ended
	for range 40 {
		o.turns(100)
		o.pass(5 * time.Second)
	}
	if reads[http.MethodGet] < 5 || reads[http.MethodPost] == 0 {
		t.Errorf("Defender was asked %v: calls are not followed, or not sent", reads)
	}
	rdb := o.store.rdb
	for _, id := range rdb.ZRange(t.Context(), o.store.keys.agenda(), 0, -1).Val() {
		k, name := kindOf(id)
		if r := o.load(name); due(r, k, o.store.Now()).IsZero() {
			t.Errorf("%s is on the agenda for nothing", id)
		}
	}
}

// TestAgendaOfOneKindGoesOn has a version before this one still commit: what it
// sets comes over too, where it is sooner.
func TestAgendaOfOneKindGoesOn(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	o.redis.ZAdd(o.store.keys.agenda(), 2000, "D-1")
	o.redis.ZAdd(o.store.keys.agenda(), 1000, "D-2")
	o.redis.ZAdd(o.store.keys.oneAgenda(), 1500, "D-1")
	o.redis.ZAdd(o.store.keys.oneAgenda(), 1500, "D-2")
	if _, err := o.store.TakeOver(t.Context()); err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]float64{"D-1": 1500, "D-2": 1000} {
		if at, err := o.redis.ZScore(o.store.keys.agenda(), member); err != nil || at != want {
			t.Errorf("%s is due at %.0f (%v), want %.0f", member, at, err, want)
		}
	}
}

// claimOf claims what is due, and gives the claim of one member.
func claimOf(t *testing.T, s *Store, member string) claimed {
	t.Helper()
	got, _, err := s.claim(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got {
		if c.Member == member {
			return c
		}
	}
	t.Fatalf("%s is not among what was claimed: %v", member, got)
	return claimed{}
}

func z(member string, at time.Time) redis.Z {
	return redis.Z{Score: float64(at.UnixMilli()), Member: member}
}
