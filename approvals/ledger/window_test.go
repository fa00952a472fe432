package ledger

import (
	"errors"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestHoldReadsForAll: a throttled endpoint is left alone by all.
func TestHoldReadsForAll(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		one, other := newTestStore(t, rdb, testActions()), newTestStore(t, rdb, testActions())
		r, waits := approved(t, one, approvalstest.DeviceNo(1), approvalstest.DeviceNo(3)), approved(t, other, approvalstest.DeviceNo(2))
		r, err := one.Apply(t.Context(), NewOp(), r, sending(one, 0))
		if err != nil {
			t.Fatal(err)
		}
		until := one.Now().Add(90 * time.Second)
		apply(t, one, r, approvals.On{Call: 0, Event: approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: approvals.Throttled, Until: until}}})
		if at := int64(rdb.ZScore(t.Context(), one.keys.agenda(), r.ID).Val()); at < until.UnixMilli() {
			t.Errorf("its other call is due at %d, held until %d", at, until.UnixMilli())
		}
		_, err = other.Apply(t.Context(), NewOp(), waits, sending(other, 0))
		full, ok := errors.AsType[*Full](err)
		if !ok || !full.Held || full.At.Before(until) {
			t.Errorf("got %v, want held until %s", err, until)
		}
	})
}

// TestQueueOrder: the queue is FIFO by approval and held calls keep their place.
func TestQueueOrder(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions()) // two in ten seconds
		var rs []approvals.Request
		for i := range 4 {
			rs = append(rs, approved(t, s, approvalstest.DeviceNo(i)))
			for at := s.Now(); !s.Now().After(at); { // approvals of one millisecond have no order
			}
		}
		refused := func(i int, why string) {
			t.Helper()
			if _, err := s.Apply(t.Context(), NewOp(), rs[i], sending(s, 0)); !isFull(err) {
				t.Fatalf("request %d %s: got %v, want no free slot", i, why, err)
			}
		}
		refused(2, "is third for two slots")
		rs[0] = apply(t, s, rs[0], approvals.On{Call: 0, Event: approvals.Wait{Why: approvals.Why{Reason: approvals.NotReached}, Hold: s.Now().Add(time.Hour)}})
		held := rs[0]
		got, err := s.Apply(t.Context(), NewOp(), rs[2], sending(s, 0)) // second now
		if err != nil {
			t.Fatalf("request 2 behind a held call: %v", err)
		}
		rs[2] = got
		rs[0] = apply(t, s, held, approvals.On{Call: 0, Event: approvals.Wait{}})
		refused(1, "is behind the call that came back to its old place")
		if _, err := s.Apply(t.Context(), NewOp(), rs[0], sending(s, 0)); err != nil {
			t.Fatalf("request 0 back at its old place: %v", err)
		}
		refused(1, "has no slot left")
	})
}

func isFull(err error) bool {
	var full *Full
	return errors.As(err, &full)
}

// TestQueueHeadDue checks the agenda after all that
// can bring a waiting call forward: a slot that is settled, one that is
// released, and somebody ahead who leaves.
func TestQueueHeadDue(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		actions := testActions()
		actions[0].Post.Limits = []defender.Limit{{Calls: 1, Per: time.Minute}}
		s := newTestStore(t, redistest.Client(t, addr), actions)
		first, err := s.Apply(t.Context(), NewOp(), approved(t, s, approvalstest.DeviceNo(1)), sending(s, 0))
		if err != nil {
			t.Fatal(err)
		}
		second, third := approved(t, s, approvalstest.DeviceNo(2)), approved(t, s, approvalstest.DeviceNo(3))
		expect := func(r approvals.Request, what string, least, most time.Duration) {
			t.Helper()
			score := s.rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val()
			in := time.UnixMilli(int64(score)).Sub(s.Now())
			if in < least || in > most {
				t.Errorf("%s: due in %s, want from %s to %s", what, in, least, most)
			}
		}
		expect(second, "behind a call that is being sent", 83*time.Second, 87*time.Second)
		apply(t, s, first, approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j"}}})
		expect(second, "when that is answered", 58*time.Second, 62*time.Second)
		expect(third, "the one behind it keeps what it was told", 140*time.Second, 150*time.Second)
		apply(t, s, second, approvals.Cancel{By: approvalstest.Asker})
		expect(third, "when the one ahead is cancelled", 58*time.Second, 62*time.Second)
	})
}

// TestWindowSlotReleased: a slot is released only if nothing left.
func TestWindowSlotReleased(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		action, _ := s.Action("collect")
		for i, tt := range []struct {
			why  approvals.Reason
			used int // of the window of three a minute, after it
		}{{approvals.NotReached, 0}, {approvals.HeldUp, 0}, {approvals.NotDurable, 0}, {approvals.NoToken, 1}, {approvals.Throttled, 2}} {
			r := approved(t, s, approvalstest.DeviceNo(i))
			r, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0))
			if err != nil {
				t.Fatal(err)
			}
			apply(t, s, r, approvals.On{Call: 0, Event: approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: tt.why}, Hold: s.Now().Add(time.Hour)}})
			limits := action.Post.Limits
			action.Post.Limits = limits[1:]
			got, err := s.Budget(t.Context(), action, 1)
			if err != nil || got.Of-got.Left != tt.used {
				t.Errorf("after %s: %d slots used and %v, want %d", tt.why, got.Of-got.Left, err, tt.used)
			}
			action.Post.Limits = limits
		}
	})
}

func TestBookReads(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		e := defender.Endpoint{Name: "machines", Limits: []defender.Limit{{Calls: 10, Per: time.Minute}}}
		count := func(p Reader) (n int) {
			for {
				at, err := s.BookReads(t.Context(), e, 1, p)
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
			p Reader
			n int
		}{{ForPolling(), 6}, {ForUncertain(), 2}, {ForCall(), 2}} {
			if got := count(want.p); got != want.n {
				t.Errorf("%d reads for %d %% of them, want %d", got, want.p.percent, want.n)
			}
		}
	})
}

// TestBookReadsShares: one person who looks up as much as they can leaves half of the
// window to the next, who leaves half of the rest; and gets more as theirs have left.
func TestBookReadsShares(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		e := defender.Endpoint{Name: "machines", Limits: []defender.Limit{{Calls: 100, Per: time.Minute}}}
		var again time.Time
		taken := func(by Reader, each int) (n int) {
			for {
				at, err := s.BookReads(t.Context(), e, each, by)
				if err != nil {
					t.Fatal(err)
				}
				if again = at; !at.IsZero() {
					return n
				}
				n += each
			}
		}
		ada, ben, joan := ForPerson(approvals.Person{ID: "U1"}), ForPerson(approvals.Person{ID: "U2"}), ForPerson(approvals.Person{ID: "U3"})
		if n := taken(ada, 1); n != 50 || again.Before(s.Now()) || again.After(s.Now().Add(time.Minute+ReadLimit+2*time.Second)) {
			t.Errorf("the first person made %d reads and may go on at %s; want 50, and within the window", n, again)
		}
		if n := taken(ben, 2); n != 24 {
			t.Errorf("the second made %d reads in pairs, want 24", n)
		}
		if n := taken(joan, 1); n != 13 {
			t.Errorf("the third made %d reads, want 13", n)
		}
		if n := taken(ForPerson(approvals.Person{ID: "U9", Enterprise: "W1"}), 2); n < 2 {
			t.Error("nothing is left for somebody who comes now")
		}
		small := defender.Endpoint{Name: "small", Limits: []defender.Limit{{Calls: 2, Per: time.Minute}}}
		if at, err := s.BookReads(t.Context(), small, 2, ada); err != nil || !at.IsZero() {
			t.Errorf("the two reads of one look-up: %s and %v, want that they may go", at, err)
		}
	})
}

// TestBudgetTightestWindow: the budget is that of the tightest window.
func TestBudgetTightestWindow(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		approved(t, s, approvalstest.DeviceNo(2))
		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); err != nil {
			t.Fatal(err)
		}
		action, _ := s.Action("collect")
		got, err := s.Budget(t.Context(), action, 1)
		if err != nil || got.Left != 1 || got.Of != 2 || got.Per != 10*time.Second || got.Ahead != 1 {
			t.Errorf("got %+v and %v, want 1 of 2 in 10s, 1 ahead", got, err)
		}
	})
}

// TestBudgetFree: when the last call of a request could go, behind those that wait
// already; nothing where all could go at once.
func TestBudgetFree(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions()) // 2 in 10 s, 3 in a minute
		action, _ := s.Action("collect")
		free := func(what string, calls int, least, most time.Duration) {
			t.Helper()
			b, err := s.Budget(t.Context(), action, calls)
			if err != nil {
				t.Fatal(err)
			}
			if most == 0 {
				if !b.Free.IsZero() {
					t.Errorf("%s: %s, want at once", what, b.Free.Sub(b.At))
				}
				return
			}
			if in := b.Free.Sub(b.At); in < least || in > most {
				t.Errorf("%s: in %s, want from %s to %s", what, in, least, most)
			}
		}
		free("two of two", 2, 0, 0)
		free("the third", 3, 10*time.Second, 12*time.Second)
		free("the fourth", 4, 59*time.Second, 62*time.Second)
		approved(t, s, approvalstest.DeviceNo(1))
		free("behind one that waits", 1, 0, 0)
		free("two behind one that waits", 2, 10*time.Second, 12*time.Second)
		if err := s.HoldReads(t.Context(), action.Post, s.Now().Add(5*time.Minute)); err != nil {
			t.Fatal(err)
		}
		free("while Defender wants to be left alone", 1, 299*time.Second, 301*time.Second)
	})
}
