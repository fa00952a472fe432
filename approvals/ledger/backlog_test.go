package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestBacklog lets work pile up, and somebody take it.
func TestBacklog(t *testing.T) {
	m := newMoment(t, testActions())
	check := func(what string, want Backlog) {
		t.Helper()
		got, err := m.Backlog(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	check("nothing was asked", Backlog{})
	r := pendingOn(t, m.Store, approvalstest.DeviceNo(1))
	check("its card is to be drawn", Backlog{Due: 1, Behind: 1})
	m.pass(7 * time.Second)
	check("for seven seconds", Backlog{Due: 1, Lag: 7 * time.Second, Behind: 1})
	l := leaseOf(t, m.Store, approvals.Draw.Member(r.ID))
	check("somebody draws it", Backlog{Behind: 1})
	m.pass(61 * time.Second)
	check("and never came back", Backlog{Due: 1, Lag: 68 * time.Second, Behind: 1})
	l = leaseOf(t, m.Store, l.Member)
	if err := m.Finish(t.Context(), l, time.Time{}, approvals.Request{ID: r.ID}); err != nil {
		t.Fatal(err)
	}
	check("it is drawn", Backlog{})
	m.redis.ZAdd(m.keys.agenda(), float64(m.now.UnixMilli()-9000), "later:"+r.ID)
	check("what another version does", Backlog{})
	m.pass(r.Terms.ApprovalTTL)
	check("its reminder is due, and its end", Backlog{Due: 1, Lag: r.Terms.ApprovalTTL/2 + 68*time.Second})
}

// TestBacklogMost: of a very long agenda a part is looked at, which is what is due first.
func TestBacklogMost(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := newTestStore(t, rdb, testActions())
		now := s.Now()
		for n := range backlogMost + 20 {
			rdb.ZAdd(t.Context(), s.keys.agenda(), z(approvals.Draw.Member(newID()), now.Add(-time.Duration(n+1)*time.Second)))
		}
		got, err := s.Backlog(t.Context())
		if err != nil || got.Due != backlogMost || got.Behind != backlogMost || got.Lag < (backlogMost+20)*time.Second {
			t.Errorf("%+v, %v; want %d, and a lag of more than %d s", got, err, backlogMost, backlogMost+20)
		}
	})
}
