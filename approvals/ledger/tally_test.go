package ledger

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// asker is the n-th requester of these tests.
func asker(n int) approvals.Person { return approvals.Person{ID: fmt.Sprintf("U1%d", n)} }

// reaching is what somebody asks for on n devices that nobody else has asked for.
func reaching(by approvals.Person, from, n, reach int) approvals.Request {
	r := approvalstest.Asked()
	for i := range n {
		r.Devices = append(r.Devices, approvalstest.DeviceNo(from+i))
	}
	r.By, r.Terms.Reach = by, reach
	return r
}

// opened is that request, put to its approvers.
func opened(t testing.TB, s *Store, r approvals.Request) approvals.Request {
	t.Helper()
	made, err := s.Create(t.Context(), NewOp(), r, 0)
	if err == nil {
		made, err = s.Apply(t.Context(), NewOp(), made, func(approvals.Request) (approvals.Event, error) { return approvals.Resolve{Devices: r.Devices}, nil })
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// yes is an approval as it is given, and what comes of it where it goes beyond reach.
func yes(t testing.TB, s *Store, r approvals.Request, by approvals.Person) (approvals.Request, error) {
	t.Helper()
	approve := func(beyond bool) (approvals.Request, error) {
		return s.Apply(t.Context(), NewOp(), r, func(approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: by, Digest: r.Digest(), Beyond: beyond}, nil
		})
	}
	got, err := approve(false)
	if BeyondReach(err) {
		return approve(true)
	}
	return got, err
}

// TestReachModel holds two stores that share a Redis against a model of what counts: in each
// rolling hour, what is approved by one person is within the reach of its requester.
func TestReachModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const reach = 8
		m := newMoment(t, roomyActions())
		other := unprepared(redistest.Client(t, m.redis.Addr()), roomyActions())
		other.clock = m.time
		if err := other.Prepare(t.Context()); err != nil {
			rt.Fatal(err)
		}
		stores, next := []*Store{m.Store, other}, 0
		type count struct {
			at time.Time
			n  int
		}
		counted := map[int][]count{}
		for range rapid.IntRange(1, 20).Draw(rt, "requests") {
			m.pass(time.Duration(rapid.SampledFrom([]int{0, 1, 600_000, 1_199_999, 1_200_000, 3_600_000}).Draw(rt, "ms")) * time.Millisecond)
			who, n := rapid.IntRange(0, 1).Draw(rt, "who"), rapid.IntRange(1, 6).Draw(rt, "devices")
			s := rapid.SampledFrom(stores).Draw(rt, "store")
			r := opened(t, s, reaching(asker(who), next, n, reach))
			next += n
			before := 0
			for _, c := range counted[who] {
				if m.time().Sub(c.at) < time.Hour {
					before += c.n
				}
			}
			if reached, err := s.Reached(t.Context(), asker(who)); err != nil || reached != before {
				rt.Fatalf("%d devices are said to count, %v; want %d", reached, err, before)
			}
			got, err := yes(t, rapid.SampledFrom(stores).Draw(rt, "approved at"), r, approvalstest.Leader)
			if err != nil || (got.State == approvals.Approved) != (before+n <= reach) || got.Beyond != (before+n > reach) {
				rt.Fatalf("%d more after %d: %v, %s, beyond %v", n, before, err, got.State, got.Beyond)
			}
			if got.Beyond {
				if got, err = yes(t, s, got, approvalstest.Second); err != nil || got.State != approvals.Approved {
					rt.Fatalf("with one approver more: %v, %s", err, got.State)
				}
			}
			counted[who] = append(counted[who], count{m.time(), n})
		}
	})
}

// TestReachConcurrent: of many approvals at once, over two stores, as many come through as
// the reach allows, and no more.
func TestReachConcurrent(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		stores := []*Store{newTestStore(t, redistest.Client(t, addr), roomyActions()), newTestStore(t, redistest.Client(t, addr), roomyActions())}
		var requests []approvals.Request
		for i := range 12 {
			requests = append(requests, opened(t, stores[i%2], reaching(asker(1), 3*i, 3, 10)))
		}
		got := make([]approvals.Request, len(requests))
		var g sync.WaitGroup
		for i, r := range requests {
			g.Go(func() {
				var err error
				if got[i], err = yes(t, stores[(i+1)%2], r, approvalstest.Leader); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		through := 0
		for _, r := range got {
			if r.State == approvals.Approved {
				through++
			} else if !r.Beyond || r.Terms.Needed != 2 || len(r.Approvals) != 1 {
				t.Errorf("%s waits with %d of %d, beyond %v", r.ID, len(r.Approvals), r.Terms.Needed, r.Beyond)
			}
		}
		if through != 3 {
			t.Errorf("%d requests of 3 devices came through a reach of 10, want 3", through)
		}
	})
}

// TestReachRetry: what comes with its approval counts as well, when it is put to approvers.
func TestReachRetry(t *testing.T) {
	m := newMoment(t, roomyActions())
	first := opened(t, m.Store, reaching(asker(1), 0, 2, 3))
	if _, err := yes(t, m.Store, first, approvalstest.Leader); err != nil {
		t.Fatal(err)
	}
	again := reaching(asker(1), 10, 2, 3)
	again.Approvals = []approvals.Approval{{By: approvalstest.Leader, At: m.Now()}}
	made, err := m.Create(t.Context(), NewOp(), again, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Apply(t.Context(), NewOp(), made, func(approvals.Request) (approvals.Event, error) {
		return approvals.Resolve{Devices: again.Devices}, nil
	})
	if b, is := errors.AsType[*Beyond](err); !is || b.Count != 2 || !BeyondReach(err) {
		t.Fatalf("%v, want that it goes beyond the reach, after 2", err)
	}
	if got := apply(t, m.Store, made, approvals.Resolve{Devices: again.Devices, Beyond: true}); got.State != approvals.Pending {
		t.Errorf("with one approval of two it is %s", got.State)
	}
}

// TestForcedTally: a person acts alone three times an hour, each time that a call was made
// for it, and what is refused is refused when it is asked for.
func TestForcedTally(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		s.alerts = "C9"
		ask := func(by approvals.Person, n int) (approvals.Request, error) {
			r := reaching(by, n, 1, 40)
			r.Forced = true
			return s.CreateForced(t.Context(), NewOp(), r)
		}
		force := func(r approvals.Request) error {
			_, err := s.Apply(t.Context(), NewOp(), r, func(approvals.Request) (approvals.Event, error) {
				return approvals.Force{By: r.By, Devices: r.Devices}, nil
			})
			return err
		}
		var asked []approvals.Request
		for n := range 4 { // all are asked for before one is carried out
			r, err := ask(asker(1), n)
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, r)
		}
		for n, r := range asked {
			if err := force(r); (err == nil) != (n < approvals.MostForced) || err != nil && !ForcedTooOften(err) {
				t.Errorf("act %d: %v", n+1, err)
			}
		}
		told, err := s.rdb.ZRange(t.Context(), s.keys.alarms(), 0, -1).Result()
		if err != nil || len(told) != approvals.MostForced || !strings.Contains(told[0], `"kind":"force","channel":"C9"`) {
			t.Errorf("the channel for alarms is told of %v, %v", told, err)
		}
		if _, err := ask(asker(1), 9); !ForcedTooOften(err) {
			t.Errorf("asked for once more: %v, want that it was too often", err)
		}
		if r, err := ask(asker(2), 8); err != nil || force(r) != nil {
			t.Errorf("somebody else: %v", err)
		}
	})
}

// TestForcedBeyond: nobody acts alone beyond their reach.
func TestForcedBeyond(t *testing.T) {
	m := newMoment(t, roomyActions())
	if _, err := yes(t, m.Store, opened(t, m.Store, reaching(asker(1), 0, 3, 3)), approvalstest.Leader); err != nil {
		t.Fatal(err)
	}
	alone := reaching(asker(1), 7, 1, 3)
	alone.Forced = true
	if _, err := m.CreateForced(t.Context(), NewOp(), alone); !BeyondReach(err) {
		t.Errorf("%v, want that it goes beyond the reach", err)
	}
	m.pass(time.Hour)
	if _, err := m.CreateForced(t.Context(), NewOp(), alone); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestForcedFormat: a version that knows nothing of acting alone leaves such a record alone.
func TestForcedFormat(t *testing.T) {
	for forced, want := range map[bool]string{false: `4 {"f":1,`, true: `4 {"f":2,`} {
		r := approvalstest.Sample(approvals.Approved, approvals.Queued)
		if r.Forced = forced; forced {
			r.Approvals = nil
		}
		text, err := encode(r)
		if err != nil || len(text) < len(want) || text[:len(want)] != want {
			t.Errorf("forced %v: %.20s, %v", forced, text, err)
		}
		if got, err := decode(r.ID, text); err != nil || got.Forced != forced {
			t.Errorf("forced %v: read as %v, %v", forced, got.Forced, err)
		}
	}
}
