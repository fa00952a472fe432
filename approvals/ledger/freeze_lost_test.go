package ledger

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// TestFreezeHeld: who works on a request at the moment of a freeze, or of its end, and gives
// it back for later does not keep it from being looked at anew.
func TestFreezeHeld(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := alerting(t, redistest.Client(t, addr))
		r := approved(t, s, approvalstest.DeviceNo(1))
		for name, change := range map[string]func(){
			"frozen": func() { freeze(t, s) },
			"lifted": func() {
				lift := lifting(t, s, s.Frozen())
				apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()})
			},
		} {
			if name == "lifted" && !s.Frozen().Is() {
				freeze(t, s)
			}
			s.rdb.Del(t.Context(), s.keys.held())
			s.rdb.ZAdd(t.Context(), s.keys.agenda(), z(r.ID, s.Now().Add(-time.Second)))
			got, _, err := s.Lease(t.Context(), 10)
			at := slices.IndexFunc(got, func(l Lease) bool { return l.Member == r.ID })
			if err != nil || at < 0 {
				t.Fatalf("%s: leased %v, %v", name, got, err)
			}
			change()
			if err := s.Finish(t.Context(), got[at], s.Now().Add(time.Hour), r); err != nil {
				t.Fatal(err)
			}
			if due := s.rdb.ZScore(t.Context(), s.keys.agenda(), r.ID).Val(); due > float64(s.Now().UnixMilli()) {
				t.Errorf("%s while it was held: due in %s, want now", name, time.UnixMilli(int64(due)).Sub(s.Now()))
			}
		}
	})
}

// TestFreezeSetBack: a freeze that Redis loses is put back, once, by whoever knows it, and
// is lifted like any other.
func TestFreezeSetBack(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s, other := alerting(t, rdb), newTestStore(t, rdb, defender.Actions())
		approved(t, s, approvalstest.DeviceNo(1))
		f := freeze(t, s)
		look(t, s)
		look(t, other)
		ids := trailOf(t, s)
		rdb.XDel(t.Context(), s.keys.audit(), ids[len(ids)-1])
		rdb.Del(t.Context(), s.keys.frozen())
		for range 2 {
			look(t, other)
			look(t, s)
		}
		if got, err := s.ReadFreeze(t.Context()); err != nil || got.ID != f.ID || got.Text != f.Text || s.Frozen().ID != f.ID {
			t.Errorf("in force is %v, %v, want %v", got, err, f)
		}
		entries, err := redistest.Trail(t.Context(), rdb, s.keys.audit())
		n := 0
		for _, e := range entries {
			if e.Event == "freeze" && e.Reason == string(approvals.RolledBack) && e.By == f.By.ID {
				n++
			}
		}
		if err != nil || n != 1 {
			t.Errorf("the trail tells %d times that it was put back, %v, want once", n, err)
		}
		r := approved(t, s, approvalstest.DeviceNo(2))
		if _, err := s.Apply(t.Context(), NewOp(), r, sending(s, 0)); !errors.Is(err, ErrFrozen) {
			t.Errorf("what was approved since is sent: %v", err)
		}
		lift := lifting(t, s, s.Frozen())
		apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()})
		look(t, s)
		look(t, other)
		if got, err := s.ReadFreeze(t.Context()); err != nil || got.Is() || other.Frozen().Is() {
			t.Errorf("lifted, and in force is %v, %v", got, err)
		}
	})
}

// TestStoreLostOthers drops the answers of what is no change of a request: each is done once.
func TestStoreLostOthers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		proxy := newDropper(t, addr)
		s := alerting(t, redistest.Client(t, proxy.addr))
		var f approvals.Freeze
		for _, tt := range []struct {
			name            string
			do              func() error
			entries, alarms int
		}{
			{"freeze", func() (err error) { f, err = s.Freeze(t.Context(), NewOp(), frost); return err }, 1, 2},
			{"note", func() error { return s.Note(t.Context(), audit.Entry{At: s.Now(), Event: "refused"}) }, 1, 0},
			{"start", func() error {
				proxy.drop.Store(0)
				return s.Start(t.Context(), NewOp(), func(Last) Start {
					proxy.drop.Store(1) // what it reads before is no change
					return Start{Rules: "r", Entry: audit.Entry{Event: "start"}, Changed: &audit.Entry{Event: "rules"}, Alarms: []approvals.Alarm{{ID: "a", Kind: approvals.AlarmRules}}}
				})
			}, 2, 1},
			{"seal", func() error {
				proxy.drop.Store(0)
				b, err := s.Unsealed(t.Context())
				if err != nil {
					return err
				}
				seal, err := testSealer.Seal(b.Before, b.Entries, b.At)
				proxy.drop.Store(1)
				return errors.Join(err, s.Seal(t.Context(), b, seal))
			}, 0, 1},
		} {
			count := func() (int, int) {
				return len(trailOf(t, s)), int(s.rdb.ZCard(t.Context(), s.keys.alarms()).Val())
			}
			entries, alarms := count()
			proxy.drop.Store(1)
			if err := tt.do(); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			if proxy.drop.Load() > 0 {
				t.Errorf("%s: no answer was dropped", tt.name)
			}
			if e, a := count(); e-entries != tt.entries || a-alarms != tt.alarms {
				t.Errorf("%s: %d entries and %d alarms more, want %d and %d", tt.name, e-entries, a-alarms, tt.entries, tt.alarms)
			}
		}
		if n := s.rdb.XLen(t.Context(), s.keys.seals()).Val(); n != 1 {
			t.Errorf("%d seals", n)
		}
		if got, err := s.ReadFreeze(t.Context()); err != nil || got.ID != f.ID {
			t.Errorf("in force is %v, %v, want %v", got, err, f)
		}
		lift := lifting(t, s, f)
		proxy.drop.Store(1)
		if got := apply(t, s, lift, approvals.Approve{By: approvalstest.Leader, Digest: lift.Digest()}); got.State != approvals.Done {
			t.Errorf("lifted: %s", got.State)
		}
		if err := s.rdb.Get(t.Context(), s.keys.frozen()).Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("it is still frozen: %v", err)
		}
	})
}
