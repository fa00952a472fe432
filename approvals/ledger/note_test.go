package ledger

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

// TestNote: an entry is in the trail, once also where it is noted again, and Redis without
// it is known to have lost something.
func TestNote(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		e := audit.Entry{At: s.Now(), Event: "refused", By: "U1", What: "approve", Reason: "own_request"}
		other := e
		other.By = "U2"
		for _, one := range []audit.Entry{e, e, other} {
			if err := s.Note(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		got, err := redistest.Trail(t.Context(), s.rdb, s.keys.audit())
		if diff := cmp.Diff([]audit.Entry{e, other}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if ids := trailOf(t, s); s.newest.seen() != ids[len(ids)-1] {
			t.Errorf("the newest seen is %s of %v", s.newest.seen(), ids)
		}
	})
}

// startOf is a start with those rules; what has changed is what they were.
func startOf(rules string) func(Last) Start {
	return func(l Last) Start {
		st := Start{Rules: rules, Entry: audit.Entry{Event: "start", To: rules}}
		if l.Rules != rules {
			st.Changed = &audit.Entry{Event: "rules", From: l.Rules, To: rules}
			if l.First {
				st.Changed.Detail = "first"
			} else {
				st.Alarms = []approvals.Alarm{{ID: l.Rules + rules, Kind: approvals.AlarmRules, Channel: "C1"}}
			}
		}
		return st
	}
}

// TestStart: each start is written down once; what is new in the rules, and the alarm, where
// it is new, and by one of the processes that begin at once.
func TestStart(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		start := func(op Op, rules string) {
			t.Helper()
			if err := s.Start(t.Context(), op, startOf(rules)); err != nil {
				t.Error(err)
			}
		}
		again := NewOp()
		start(again, "a")
		start(again, "a") // its answer was lost
		start(NewOp(), "a")
		var replicas sync.WaitGroup
		for range 4 {
			replicas.Go(func() { start(NewOp(), "b") })
		}
		replicas.Wait()
		entries, err := redistest.Trail(t.Context(), s.rdb, s.keys.audit())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, e := range entries {
			got[e.Event+" "+e.From+">"+e.To+e.Detail]++
		}
		want := map[string]int{"start >a": 2, "rules >afirst": 1, "start >b": 4, "rules a>b": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		alarms := s.rdb.ZRange(t.Context(), s.keys.alarms(), 0, -1).Val()
		if due := s.rdb.ZScore(t.Context(), s.keys.agenda(), approvals.Alert.Member("")); len(alarms) != 1 || due.Err() != nil {
			t.Errorf("alarms %v, due %v", alarms, due)
		}
	})
}

// TestStartForgotten: rules that somebody has taken out of Redis are not those of a first
// start.
func TestStartForgotten(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		for range 2 {
			if err := s.Start(t.Context(), NewOp(), startOf("a")); err != nil {
				t.Fatal(err)
			}
			s.rdb.Del(t.Context(), s.keys.rules())
		}
		if n := s.rdb.ZCard(t.Context(), s.keys.alarms()).Val(); n != 1 {
			t.Errorf("%d alarms, want one that the rules are not known", n)
		}
	})
}
