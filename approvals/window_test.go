package approvals

import (
	"errors"
	"testing"
	"time"

	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

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
		}{{NotReached, 0}, {HeldUp, 0}, {NotDurable, 0}, {NoToken, 1}, {Throttled, 2}} {
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
