package ledger

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
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
	used     map[string]bool // ids
	flights  []flight
	counted  []time.Time // when the server counted a call
	inFlight time.Duration
	lost     bool // some calls are lost with their owner, and some never left
}

// given is how long a call is under way at most: its owner gives up then.
const given = approvals.SendLimit + approvals.PostLimit

// flight is a call that is under way.
type flight struct {
	lands   time.Time
	request approvals.Request
	by      *Store
	event   approvals.CallEvent // what comes of it; nil: nothing is ever heard
}

func newDay(t *testing.T, seed uint64, replicas int, limits ...defender.Limit) *day {
	d := &day{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), redis: redistest.Mini(t), now: approvalstest.Start, limits: limits, latency: 30 * time.Second,
		used: map[string]bool{},
	}
	d.redis.SetTime(d.now)
	actions := testActions()
	actions[0].Post.Limits = limits
	rdb := redistest.Client(t, d.redis.Addr())
	for range replicas {
		d.replicas = append(d.replicas, NewStore(StoreConfig{
			Redis: rdb, Installation: Installation{App: "A1", Team: "T1"}, Catalogue: actions, Clock: func() time.Time { return d.now },
		}))
	}
	return d
}

// run simulates until the given time with keep requests waiting at any moment.
func (d *day) run(length time.Duration, keep int) {
	for end := d.now.Add(length); d.now.Before(end); {
		for d.waiting < keep {
			d.ask()
		}
		next := d.work().Add(time.Millisecond)
		for _, f := range d.flights {
			next = approvals.Earliest(next, f.lands)
		}
		d.tick(next)
		d.land()
		d.trim()
	}
}

// trim keeps the end of the audit trail alone: miniredis looks for an entry from the
// beginning, and would take hours for the trail of a day. What these replicas have seen
// may be trimmed at any time, since they keep nothing.
func (d *day) trim() {
	s := d.any()
	if err := s.rdb.XTrimMaxLen(d.t.Context(), s.keys.audit(), 100).Err(); err != nil {
		d.t.Fatal(err)
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
	r := approvalstest.Asked(approvals.Device{ID: approvalstest.DeviceNo(d.made % 65536).ID})
	r.Terms.ExecutionTTL = 1000 * time.Hour
	r, err := s.Create(d.t.Context(), NewOp(), r, 0)
	if approvals.IsRefusal(err, approvals.AlreadyOpen) {
		return
	}
	if err != nil {
		d.t.Fatal(err)
	}
	if d.used[r.ID] { // by a request that is forgotten here long before its slot is
		apply(d.t, s, r, approvals.Cancel{By: r.By})
		return
	}
	d.used[r.ID] = true
	r = apply(d.t, s, r, approvals.Resolve{Devices: r.Devices})
	apply(d.t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	d.waiting++
}

// work does what is due, and says when more will be.
func (d *day) work() time.Time {
	for {
		s := d.any()
		got, _, err := s.Lease(d.t.Context(), 8)
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

// step is what a worker does with a lease, as far as windows are concerned.
func (d *day) step(s *Store, c Lease) {
	finish := func(at time.Time) {
		if err := s.Finish(d.t.Context(), c, at, approvals.Request{}); err != nil {
			d.t.Fatal(err)
		}
	}
	r, err := s.Load(d.t.Context(), c.Member)
	if err != nil || r.State != approvals.Approved || !r.Calls[0].Waiting() {
		finish(time.Time{})
		return
	}
	after, err := s.ApplyLeased(d.t.Context(), c, r, sending(s, 0))
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

// depart sends a call: the server counts it at some moment of its flight. Who
// waits longer than a call may take learns nothing of it.
func (d *day) depart(s *Store, r approvals.Request) {
	d.waiting--
	attempt := r.Calls[0].Attempt
	took := time.Duration(d.rng.Int64N(int64(d.latency))) + time.Millisecond
	f := flight{request: r, by: s, event: approvals.Accept{Attempt: attempt, Job: approvals.Job{ID: r.ID}}}
	if took > given {
		took, f.event = given, approvals.Doubt{Attempt: attempt, Why: approvals.Why{Reason: approvals.AnswerLost}}
	}
	f.lands = d.now.Add(took)
	counted := d.now.Add(time.Duration(d.rng.Int64N(int64(took))))
	switch {
	case d.lost && d.rng.IntN(20) == 0: // its owner dies
		f.event = nil
	case d.lost && d.rng.IntN(20) == 0: // no connection was made
		f.event, counted = approvals.Requeue{Attempt: attempt, Why: approvals.Why{Reason: approvals.NotReached}, Hold: d.now.Add(time.Hour)}, time.Time{}
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
		if f.event == nil {
			return true
		}
		r := apply(d.t, f.by, f.request, approvals.On{Call: 0, Event: f.event})
		if r.Calls[0].State == approvals.Running { // what has ended is forgotten, so that a day fits into the memory
			r = apply(d.t, f.by, r, approvals.On{Call: 0, Event: approvals.Report{Job: r.Calls[0].Job, As: approvals.Succeeded}})
			apply(d.t, f.by, r, approvals.Forget{})
		}
		return true
	})
}

// mostFrom is the largest number of counted calls in any of the windows that
// follow each other from a moment on.
func (d *day) mostFrom(from time.Time, per time.Duration) int {
	most, in := 0, map[time.Duration]int{}
	for _, at := range d.counted {
		window := at.Sub(from).Truncate(per)
		in[window]++
		most = max(most, in[window])
	}
	return most
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
