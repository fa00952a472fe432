package approvals

import (
	"errors"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// day is a simulation on miniredis's clock: replicas that send whenever the
// scripts let them, and a server that counts what reaches it.
type day struct {
	t        *testing.T
	rng      *rand.Rand
	redis    *miniredis.Miniredis
	now      time.Time
	replicas []*Store
	limits   []defender.Limit
	latency  time.Duration // the longest
	waiting  int           // requests that wait
	made     int
	flights  []flight
	counted  []time.Time // when the server counted a call
	inFlight time.Duration
	lost     bool // some calls are lost with their owner, and some never left
}

// flight is a call that is under way.
type flight struct {
	lands   time.Time
	request Request
	by      *Store
	event   CallEvent // what comes of it; nil: nothing is ever heard
}

func newDay(t *testing.T, seed uint64, replicas int, limits ...defender.Limit) *day {
	d := &day{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), redis: redistest.Mini(t), now: start, limits: limits, latency: 30 * time.Second,
	}
	d.redis.SetTime(d.now)
	actions := testActions()
	actions[0].Post.Limits = limits
	rdb := redistest.Client(t, d.redis.Addr())
	for range replicas {
		d.replicas = append(d.replicas, NewStore(StoreConfig{
			Redis: rdb, Team: "T1", Catalogue: actions, Clock: func() time.Time { return d.now },
		}))
	}
	return d
}

// run simulates until the given time with always so many requests waiting.
func (d *day) run(length time.Duration, keep int) {
	for end := d.now.Add(length); d.now.Before(end); {
		for d.waiting < keep {
			d.ask()
		}
		next := d.work().Add(time.Millisecond)
		for _, f := range d.flights {
			next = earliest(next, f.lands)
		}
		d.tick(next)
		d.land()
	}
}

// tick moves the clock on.
func (d *day) tick(to time.Time) {
	if to.After(d.now) {
		d.now = to
	}
	d.redis.SetTime(d.now)
}

func (d *day) any() *Store { return d.replicas[d.rng.IntN(len(d.replicas))] }

func (d *day) ask() {
	d.made++
	s := d.any()
	r := asked(Device{ID: device(d.made % 65536).ID})
	r.Terms.ExecutionTTL = 1000 * time.Hour
	r, err := s.Create(d.t.Context(), newOp(), r, 0)
	if isNo(err, AlreadyOpen) {
		return
	}
	if err != nil {
		d.t.Fatal(err)
	}
	r = apply(d.t, s, r, Resolve{Devices: r.Devices})
	apply(d.t, s, r, Approve{By: leader, Digest: r.Digest()})
	d.waiting++
}

// work does what is due, and says when more will be.
func (d *day) work() time.Time {
	for {
		s := d.any()
		got, _, err := s.claim(d.t.Context(), 8)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, c := range got {
			d.step(s, c)
		}
		if len(got) == 0 {
			return d.nextDue(s)
		}
	}
}

func (d *day) nextDue(s *Store) time.Time {
	first, err := s.rdb.ZRangeWithScores(d.t.Context(), s.keys.agenda(), 0, 0).Result()
	if err != nil {
		d.t.Fatal(err)
	}
	if len(first) == 0 {
		return d.now.Add(time.Second)
	}
	return time.UnixMilli(int64(first[0].Score))
}

// step is what a worker does with a claim, as far as windows are concerned.
func (d *day) step(s *Store, c claimed) {
	finish := func(at time.Time) {
		if err := s.finish(d.t.Context(), c, at); err != nil {
			d.t.Fatal(err)
		}
	}
	r, err := s.Load(d.t.Context(), c.Member)
	if err != nil || r.State != Approved || !r.Calls[0].waiting() {
		finish(time.Time{})
		return
	}
	after, err := s.Apply(d.t.Context(), newOp(), r, sending(s, 0))
	var full *Full
	switch {
	case errors.As(err, &full):
		finish(full.At)
	case err != nil:
		d.t.Fatal(err)
	default:
		d.depart(s, after)
	}
}

// depart sends a call: the server counts it at some moment of its flight.
func (d *day) depart(s *Store, r Request) {
	d.waiting--
	took := time.Duration(d.rng.Int64N(int64(min(d.latency, sendLimit+postLimit)))) + time.Millisecond
	f := flight{lands: d.now.Add(took), request: r, by: s, event: Accept{Attempt: 1, Job: Job{ID: r.ID}}}
	counted := d.now.Add(time.Duration(d.rng.Int64N(int64(took))))
	switch {
	case d.lost && d.rng.IntN(20) == 0: // its owner dies
		f.event = nil
	case d.lost && d.rng.IntN(20) == 0: // no connection was made
		f.event, counted = Requeue{Attempt: r.Calls[0].Attempt, Why: Why{Reason: NotReached}, Hold: d.now.Add(time.Hour)}, time.Time{}
	}
	if !counted.IsZero() {
		d.counted = append(d.counted, counted)
		d.inFlight += took
	}
	d.flights = append(d.flights, f)
}

// land saves what came of the calls that are back.
func (d *day) land() {
	d.flights = slices.DeleteFunc(d.flights, func(f flight) bool {
		if f.lands.After(d.now) {
			return false
		}
		if f.event != nil {
			apply(d.t, f.by, f.request, On{0, f.event})
		}
		return true
	})
}

// mostIn is the largest number of counted calls in any rolling window.
func (d *day) mostIn(per time.Duration) int {
	slices.SortFunc(d.counted, time.Time.Compare)
	most, from := 0, 0
	for to, at := range d.counted {
		for at.Sub(d.counted[from]) >= per {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// soak is how long a simulated time TestWindowsHold covers; 0: a CI-sized one.
var soak = flag.Duration("soak", 0, "simulate the documented windows for this long")

// shift is one simulation: who sends what, and for how long.
type shift struct {
	name     string
	replicas int
	lost     bool
	length   time.Duration
	latency  time.Duration
	limits   []defender.Limit
}

func shifts() []shift {
	investigate := []defender.Limit{{Calls: 50, Per: time.Hour}}
	collect := []defender.Limit{{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}
	if *soak > 0 {
		return []shift{
			{"investigate", 1, false, *soak, 25 * time.Second, investigate},
			{"investigate", 4, true, *soak, 25 * time.Second, investigate},
			{"collect", 1, false, *soak, 5 * time.Second, collect},
			{"collect", 4, true, *soak, 25 * time.Second, collect},
		}
	}
	return []shift{
		{"one replica, investigate", 1, false, 6 * time.Hour, 25 * time.Second, investigate},
		{"four replicas, two limits", 4, false, 12 * time.Minute, 2 * time.Second, []defender.Limit{{Calls: 20, Per: time.Minute}, {Calls: 300, Per: time.Hour}}},
		{"crashes and releases", 3, true, 30 * time.Minute, 25 * time.Second, []defender.Limit{{Calls: 10, Per: time.Minute}, {Calls: 100, Per: 20 * time.Minute}}},
		{"one at a time", 2, true, 10 * time.Minute, 10 * time.Second, []defender.Limit{{Calls: 1, Per: 10 * time.Second}}},
	}
}

// TestWindowsHold simulates hours with work always waiting. However the server
// counts (a window that rolls contains every window that is aligned somewhere),
// it never sees more than a limit; and little of the limit is left unused.
func TestWindowsHold(t *testing.T) {
	for n, tt := range shifts() {
		t.Run(tt.name, func(t *testing.T) {
			d := newDay(t, uint64(n), tt.replicas, tt.limits...)
			d.lost, d.latency = tt.lost, tt.latency
			d.run(tt.length, 5)
			for _, l := range tt.limits {
				most := d.mostIn(l.Per)
				t.Logf("%s simulated, %d replicas, crashes %v: %d calls; at most %d in any %s, the limit is %d",
					tt.length, tt.replicas, tt.lost, len(d.counted), most, l.Per, l.Calls)
				if most > l.Calls {
					t.Errorf("the server counted %d calls in %s, the limit is %d", most, l.Per, l.Calls)
				}
			}
			if !tt.lost {
				d.checkUse(tt.length)
			}
		})
	}
}

// checkUse checks that at least 98 % of what can be used was used.
func (d *day) checkUse(length time.Duration) {
	d.t.Helper()
	mean := d.inFlight / time.Duration(len(d.counted))
	possible := -1.0
	for _, l := range d.limits {
		rate := float64(l.Calls) / (l.Per + mean + time.Second).Seconds()
		n := rate * length.Seconds()
		if length < l.Per {
			n = float64(l.Calls)
		}
		if possible < 0 || n < possible {
			possible = n
		}
	}
	got := float64(len(d.counted))
	d.t.Logf("%.1f %% of the %.0f calls that limit x W / (W + mean flight %s + 1 s) allows", 100*got/possible, possible, mean.Round(time.Millisecond))
	if got < 0.98*possible {
		d.t.Errorf("%.0f calls were made, %.0f were possible (mean flight %s)", got, possible, mean)
	}
}

func TestAThrottledEndpointIsLeftAloneByAll(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		one, other := newTestStore(t, rdb, testActions()), newTestStore(t, rdb, testActions())
		r, waits := approved(t, one, device(1)), approved(t, other, device(2))
		r, err := one.Apply(t.Context(), newOp(), r, sending(one, 0))
		if err != nil {
			t.Fatal(err)
		}
		until := one.Now().Add(90 * time.Second)
		apply(t, one, r, On{0, Requeue{Attempt: 1, Why: Why{Reason: Throttled, Until: until}}})
		_, err = other.Apply(t.Context(), newOp(), waits, sending(other, 0))
		full, ok := errors.AsType[*Full](err)
		if !ok || !full.Held || full.At.Before(until) {
			t.Errorf("got %v, want held until %s", err, until)
		}
	})
}

func TestTheQueueIsFIFOByApprovalAndHeldCallsKeepTheirPlace(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions()) // two in ten seconds
		var rs []Request
		for i := range 4 {
			rs = append(rs, approved(t, s, device(i)))
		}
		refused := func(i int, why string) {
			t.Helper()
			if _, err := s.Apply(t.Context(), newOp(), rs[i], sending(s, 0)); !isFull(err) {
				t.Fatalf("request %d %s: got %v, want no free slot", i, why, err)
			}
		}
		refused(2, "is third for two slots")
		rs[0] = apply(t, s, rs[0], On{0, Wait{Why: Why{Reason: NotReached}, Hold: s.Now().Add(time.Hour)}})
		held := rs[0]
		got, err := s.Apply(t.Context(), newOp(), rs[2], sending(s, 0)) // second now
		if err != nil {
			t.Fatalf("request 2 behind a held call: %v", err)
		}
		rs[2] = got
		rs[0] = apply(t, s, held, On{0, Wait{}})
		refused(1, "is behind the call that came back to its old place")
		if _, err := s.Apply(t.Context(), newOp(), rs[0], sending(s, 0)); err != nil {
			t.Fatalf("request 0 back at its old place: %v", err)
		}
		refused(1, "has no slot left")
	})
}

func isFull(err error) bool {
	var full *Full
	return errors.As(err, &full)
}

// TestTheHeadOfTheQueueIsDueWhenItsSlotIsFree checks the agenda after all that
// can bring a waiting call forward: a slot that is settled, one that is
// released, and somebody ahead who leaves.
func TestTheHeadOfTheQueueIsDueWhenItsSlotIsFree(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		actions := testActions()
		actions[0].Post.Limits = []defender.Limit{{Calls: 1, Per: time.Minute}}
		s := newTestStore(t, redistest.Client(t, addr), actions)
		first, err := s.Apply(t.Context(), newOp(), approved(t, s, device(1)), sending(s, 0))
		if err != nil {
			t.Fatal(err)
		}
		second, third := approved(t, s, device(2)), approved(t, s, device(3))
		expect := func(r Request, what string, least, most time.Duration) {
			t.Helper()
			score := s.rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val()
			in := time.UnixMilli(int64(score)).Sub(s.Now())
			if in < least || in > most {
				t.Errorf("%s: due in %s, want from %s to %s", what, in, least, most)
			}
		}
		expect(second, "behind a call that is being sent", 83*time.Second, 87*time.Second)
		apply(t, s, first, On{0, Accept{Attempt: 1, Job: Job{ID: "j"}}})
		expect(second, "when that is answered", 58*time.Second, 62*time.Second)
		expect(third, "the one behind it keeps what it was told", 140*time.Second, 150*time.Second)
		apply(t, s, second, Cancel{By: asker})
		expect(third, "when the one ahead is cancelled", 58*time.Second, 62*time.Second)
	})
}

func TestASlotIsReleasedOnlyIfNothingLeft(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		action, _ := s.Action("collect")
		for i, tt := range []struct {
			why  Reason
			used int // of the window of three a minute, after it
		}{{NotReached, 0}, {NotDurable, 0}, {NoToken, 1}, {Throttled, 2}} {
			r := approved(t, s, device(i))
			r, err := s.Apply(t.Context(), newOp(), r, sending(s, 0))
			if err != nil {
				t.Fatal(err)
			}
			apply(t, s, r, On{0, Requeue{Attempt: 1, Why: Why{Reason: tt.why}, Hold: s.Now().Add(time.Hour)}})
			limits := action.Post.Limits
			action.Post.Limits = limits[1:]
			got, err := s.Budget(t.Context(), action)
			if err != nil || got.Of-got.Left != tt.used {
				t.Errorf("after %s: %d slots used and %v, want %d", tt.why, got.Of-got.Left, err, tt.used)
			}
			action.Post.Limits = limits
		}
	})
}

func TestReadsAreShared(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		e := defender.Endpoint{Name: "machines", Limits: []defender.Limit{{Calls: 10, Per: time.Minute}}}
		count := func(part share) (n int) {
			for {
				at, err := s.mayRead(t.Context(), e, part)
				if err != nil {
					t.Fatal(err)
				}
				if !at.IsZero() {
					return n
				}
				n++
			}
		}
		for _, want := range []struct {
			part share
			n    int
		}{{forPolling, 6}, {forUncertain, 2}, {forPeople, 2}} {
			if got := count(want.part); got != want.n {
				t.Errorf("%d reads for share %d, want %d", got, want.part, want.n)
			}
		}
	})
}

func TestTheBudgetIsThatOfTheTightestWindow(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, device(1))
		approved(t, s, device(2))
		if _, err := s.Apply(t.Context(), newOp(), r, sending(s, 0)); err != nil {
			t.Fatal(err)
		}
		action, _ := s.Action("collect")
		got, err := s.Budget(t.Context(), action)
		if err != nil || got.Left != 1 || got.Of != 2 || got.Per != 10*time.Second || got.Ahead != 1 {
			t.Errorf("got %+v and %v, want 1 of 2 in 10s, 1 ahead", got, err)
		}
	})
}
