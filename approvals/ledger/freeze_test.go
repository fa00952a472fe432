package ledger

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// frost is what Leader orders.
var frost = approvals.Freeze{By: approvalstest.Leader, Text: "wrong list of hosts", Place: approvals.Place{Team: "T1", Channel: "C1"}}

// alerting is a store with a channel for alarms.
func alerting(t *testing.T, rdb redis.UniversalClient) *Store {
	t.Helper()
	s := newTestStore(t, rdb, defender.Actions())
	s.alerts = "C9"
	return s
}

func freeze(t *testing.T, s *Store) approvals.Freeze {
	t.Helper()
	f, err := s.Freeze(t.Context(), NewOp(), frost)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// lifting makes a request to lift f, which waits for approval.
func lifting(t *testing.T, s *Store, f approvals.Freeze) approvals.Request {
	t.Helper()
	r, err := s.Create(t.Context(), NewOp(), toLift(f), 0)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, r, approvals.Resolve{})
}

func toLift(f approvals.Freeze) approvals.Request {
	r := approvalstest.Asked()
	r.Action, r.Devices, r.Frozen = approvals.Unfreeze, nil, f
	return r
}

// TestFreezeHolds: from its commit on no call leaves, of whatever store, one that has not
// heard of it included; everything else goes on, and so do calls once it is lifted.
func TestFreezeHolds(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s, unaware := alerting(t, rdb), newTestStore(t, rdb, defender.Actions())
		running := apply(t, s, approved(t, s, approvalstest.DeviceNo(2)), approvals.On{Event: approvals.Send{NotAfter: s.Now().Add(time.Second)}})
		r := approved(t, s, approvalstest.DeviceNo(1))
		f := freeze(t, s)
		for name, of := range map[string]*Store{"the store that froze": s, "one that has not heard of it": unaware} {
			if _, err := of.Apply(t.Context(), NewOp(), r, sending(of, 0)); !errors.Is(err, ErrFrozen) {
				t.Errorf("%s sends: %v", name, err)
			}
			if of.Frozen().ID != f.ID {
				t.Errorf("%s has learned of %v, want %s", name, of.Frozen(), f.ID)
			}
		}
		apply(t, s, running, approvals.On{Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1"}}})
		waits := approved(t, s, approvalstest.DeviceNo(3))

		lift := lifting(t, s, f)
		if got := apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()}); got.State != approvals.Done {
			t.Fatalf("lifting it: %s", got.State)
		}
		for _, r := range []approvals.Request{r, waits} {
			if got, err := unaware.Apply(t.Context(), NewOp(), r, sending(unaware, 0)); err != nil || got.Calls[0].State != approvals.Sending {
				t.Errorf("after it was lifted %s is %s, %v", r.ID, got.Calls[0].State, err)
			}
		}
	})
}

// TestFreezeWritten: the freeze is in Redis with its entry in the trail and an alarm for its
// place and for the channel of alarms, and all that is on the agenda is due.
func TestFreezeWritten(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := alerting(t, rdb)
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		f := freeze(t, s)
		read, err := newTestStore(t, rdb, defender.Actions()).ReadFreeze(t.Context())
		if err != nil || !cmp.Equal(read, f) || f.ID == "" || f.At.IsZero() {
			t.Errorf("read as %v, %v, want %v", read, err, f)
		}
		last := rdb.XRevRangeN(t.Context(), s.keys.audit(), "+", "-", 1).Val()
		var entry audit.Entry
		text, _ := last[0].Values["e"].(string)
		if err := json.Unmarshal([]byte(text), &entry); err != nil || entry.Event != "freeze" || entry.By != "U2" || entry.Channel != "C1" || entry.Detail != f.ID+": "+f.Text {
			t.Errorf("the trail ends with %s, %v", text, err)
		}
		if got := told(t, s); !slices.Equal(got, []string{"freeze C1", "freeze C9"}) {
			t.Errorf("told %q", got)
		}
		due := rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val()
		if due > float64(s.Now().UnixMilli()) {
			t.Errorf("%s is due %v from now", r.ID, time.Duration(due-float64(s.Now().UnixMilli()))*time.Millisecond)
		}
		if alert := rdb.ZScore(t.Context(), s.keys.agenda(), "alert:").Val(); alert == 0 {
			t.Error("nobody posts the alarms")
		}
	})
}

// told are the alarms that wait, each with its channel.
func told(t *testing.T, s *Store) (list []string) {
	t.Helper()
	for _, text := range s.rdb.ZRange(t.Context(), s.keys.alarms(), 0, -1).Val() {
		var a approvals.Alarm
		if err := json.Unmarshal([]byte(text), &a); err != nil || a.ID == "" || a.By.ID == "" || a.At.IsZero() {
			t.Fatalf("alarm %s: %v", text, err)
		}
		list = append(list, string(a.Kind)+" "+a.Channel)
	}
	slices.Sort(list)
	return list
}

// TestFreezeTwice: a second order is refused with the first; the same order that comes again
// is the same freeze; another order under its id is refused.
func TestFreezeTwice(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := alerting(t, redistest.Client(t, addr))
		op := Op{ID: "e1", Digest: "ab"}
		first, err := s.Freeze(t.Context(), op, frost)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Freeze(t.Context(), op, frost); err != nil || again.ID != first.ID {
			t.Errorf("a repeat: %v, %v, want %s", again, err, first.ID)
		}
		_, err = s.Freeze(t.Context(), NewOp(), approvals.Freeze{By: approvalstest.Second, Text: "also"})
		if refused, is := approvals.AsRefusal(err); !is || refused.Why.Reason != approvals.AlreadyFrozen || refused.Frozen.By.ID != "U2" || !refused.Why.Since.Equal(first.At) {
			t.Errorf("a second one: %v", err)
		}
		if _, err := s.Freeze(t.Context(), Op{ID: "e1", Digest: "cd"}, frost); !approvals.IsRefusal(err, approvals.OpReused) {
			t.Errorf("another one under the same id: %v", err)
		}
		if got := told(t, s); len(got) != 2 {
			t.Errorf("told %q", got)
		}
	})
}

// TestUnfreezeLifts: the last approval lifts the freeze that was shown and no other, says so,
// and makes all that waits due; two requests are never about one freeze.
func TestUnfreezeLifts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := alerting(t, rdb)
		f := freeze(t, s)
		r := lifting(t, s, f)
		if _, err := s.Create(t.Context(), NewOp(), toLift(f), 0); approvals.OpenElsewhere(err) != r.ID {
			t.Errorf("a second request for it: %v", err)
		}
		waits := pendingOn(t, s, approvalstest.DeviceNo(1))
		rdb.ZAdd(t.Context(), s.keys.agenda(), z(waits.ID, s.Now().Add(time.Hour)))
		rdb.Del(t.Context(), s.keys.alarms())
		apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
		if left, err := s.ReadFreeze(t.Context()); err != nil || left.Is() {
			t.Errorf("still there: %v, %v", left, err)
		}
		if got := told(t, s); !slices.Equal(got, []string{"thaw C1", "thaw C9"}) {
			t.Errorf("told %q", got)
		}
		if due := rdb.ZScore(t.Context(), s.keys.agenda(), waits.ID).Val(); due > float64(s.Now().UnixMilli()) {
			t.Errorf("%s waits on, until %v", waits.ID, due)
		}

		old := lifting(t, s, freeze(t, s))
		rdb.Del(t.Context(), s.keys.frozen())
		again := freeze(t, s)
		_, err := s.Apply(t.Context(), NewOp(), old, func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		})
		if left, _ := s.ReadFreeze(t.Context()); !approvals.IsRefusal(err, approvals.Refrozen) || left.ID != again.ID {
			t.Errorf("with another freeze in force: %v, and in force is %v", err, left)
		}
	})
}

// TestFreezeMarked: a record whose card says something else of the freeze in force is due at
// once, whatever else is committed of it; one that says what is so is not.
func TestFreezeMarked(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := alerting(t, rdb)
		r := pendingOn(t, s, approvalstest.DeviceNo(1))
		due := func() bool {
			return rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val() <= float64(s.Now().UnixMilli())
		}
		steps := []struct {
			name string
			do   func()
			want bool
		}{
			{"it is not frozen", func() { r = apply(t, s, r, approvals.Show{TS: "1.2", Visible: r.Visible}) }, false},
			{"frozen, and it does not say so", func() { freeze(t, s); r = apply(t, s, r, approvals.Redraw{}) }, true},
			{"it says so", func() { r = apply(t, s, r, approvals.Froze{Freeze: s.Frozen()}) }, false},
			{"lifted, and it says that it is frozen", func() {
				rdb.Del(t.Context(), s.keys.frozen())
				r = apply(t, s, r, approvals.Redraw{})
			}, true},
			{"it says so no more", func() { r = apply(t, s, r, approvals.Thawed{}) }, false},
		}
		for _, step := range steps {
			if step.do(); due() != step.want {
				t.Errorf("%s: due %v, want %v", step.name, due(), step.want)
			}
		}
	})
}

// TestFreezeSeen: every store hears of a freeze, and of its end, with what it leases; what
// stands there and is no freeze holds everything too.
func TestFreezeSeen(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s, other := alerting(t, rdb), newTestStore(t, rdb, defender.Actions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		f := freeze(t, s)
		for text, want := range map[string]string{f.ID + " " + asJSON(f): f.ID, "": "?", " ": "?", "F-1 {": "F-1", "by hand": "by", "\xff\xfe x": "?", "a\tb c": "?", "\nF-1 x": "?", "F-1": "F-1"} {
			rdb.Set(t.Context(), s.keys.frozen(), text, 0)
			if _, _, err := other.Lease(t.Context(), 0); err != nil || other.Frozen().ID != want {
				t.Errorf("%q: saw %v, %v, want %s", text, other.Frozen(), err, want)
			}
			if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); !errors.Is(err, ErrFrozen) {
				t.Errorf("%q: %v", text, err)
			}
			lift := lifting(t, s, other.Frozen())
			apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()})
			if _, _, err := other.Lease(t.Context(), 0); err != nil || other.Frozen().Is() {
				t.Errorf("%q: lifted, and saw %v, %v", text, other.Frozen(), err)
			}
		}
	})
}

// TestUnfreezeFormat: what an older version could not act on it does not read; everything
// else it does.
func TestUnfreezeFormat(t *testing.T) {
	lift := toLift(approvals.Freeze{ID: "F-1"})
	for want, r := range map[string]approvals.Request{`{"f":1,`: approvalstest.Sample(approvals.Pending, ""), `{"f":2,`: lift} {
		if text, err := encode(r); err != nil || !strings.Contains(text, want) {
			t.Errorf("%s is stored as %.40s, %v, want %s", r.Action, text, err, want)
		}
	}
}

// TestFreezeOdd: what somebody has put in the place of a freeze by hand keeps calls from being
// sent, and can be lifted.
func TestFreezeOdd(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := alerting(t, redistest.Client(t, addr))
		r := approved(t, s, approvalstest.DeviceNo(1))
		for _, text := range []string{"", " ", "stop", "stop\n", "\t", "F-1 {}", "F-1 {", " {}"} {
			s.rdb.Set(t.Context(), s.keys.frozen(), text, 0)
			if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); !errors.Is(err, ErrFrozen) {
				t.Errorf("%q: it is sent: %v", text, err)
			}
			f, err := s.ReadFreeze(t.Context())
			if err != nil || !f.Is() {
				t.Fatalf("%q is read as %v, %v", text, f, err)
			}
			lift := lifting(t, s, f)
			if _, err := s.Apply(t.Context(), NewOp(), lift, func(approvals.Request) (approvals.Event, error) {
				return approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()}, nil
			}); err != nil {
				t.Errorf("%q cannot be lifted: %v", text, err)
			}
		}
	})
}

// TestFreezeLost: a freeze that Redis loses with its last changes is put back by whoever knows
// of it, once, with an entry; one that was lifted is not.
func TestFreezeLost(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := alerting(t, redistest.Client(t, addr))
		s.keep = time.Hour // else what is lost in the millisecond in which it was made may have been trimmed
		approved(t, s, approvalstest.DeviceNo(1))
		lose := func() {
			look(t, s)
			ids := trailOf(t, s)
			s.rdb.XDel(t.Context(), s.keys.audit(), ids[len(ids)-1])
			s.rdb.Del(t.Context(), s.keys.frozen())
		}
		f := freeze(t, s)
		lose()
		for range 2 {
			look(t, s)
			if got, err := s.ReadFreeze(t.Context()); err != nil || !cmp.Equal(got, f) || s.Frozen().ID != f.ID {
				t.Errorf("in force is %v, %v, as this process knows %v, want %v", got, err, s.Frozen(), f)
			}
		}
		told := 0
		for _, m := range s.rdb.XRange(t.Context(), s.keys.audit(), "-", "+").Val() {
			if text, _ := m.Values["e"].(string); strings.Contains(text, `"reason":"rolled_back"`) && strings.Contains(text, f.By.ID) {
				told++
			}
		}
		if told != 1 {
			t.Errorf("the trail tells of it %d times", told)
		}
		lift := lifting(t, s, f)
		apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()})
		lose()
		if look(t, s); s.Frozen().Is() {
			t.Errorf("one that was lifted is back: %v", s.Frozen())
		}
	})
}
