package ledger

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/redistest"
)

const visitor = "U1VISITOR"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// homeLease leases what is due, which has to be the home.
func homeLease(t *testing.T, s *Store) Lease {
	t.Helper()
	got, _, err := s.Lease(t.Context(), 10)
	if err != nil || len(got) != 1 || got[0].Member != "home:"+visitor {
		t.Fatalf("leased %v, %v, want the home", got, err)
	}
	return got[0]
}

// shows says what the home shows by its mark.
func shows(t *testing.T, s *Store, want string) {
	t.Helper()
	if mark, open, err := s.Home(t.Context(), visitor); mark != want || !open || err != nil {
		t.Errorf("the home shows %q (open: %t, %v), want %q", mark, open, err, want)
	}
}

// TestHomeOpened: a home that was opened is due at once, for one process alone, and then
// as often as that says; opened again, it is due again and shows nothing that is known.
func TestHomeOpened(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s, other := newTestStore(t, redistest.Client(t, addr), testActions()), newTestStore(t, redistest.Client(t, addr), testActions())
		if _, open, err := s.Home(t.Context(), visitor); open || err != nil {
			t.Errorf("before it was opened: open %t, %v", open, err)
		}
		must(t, s.OpenHome(t.Context(), visitor))
		shows(t, s, "")
		l := homeLease(t, s)
		if got, _, err := other.Lease(t.Context(), 10); len(got) != 0 || err != nil {
			t.Errorf("another process leased %v, %v", got, err)
		}
		must(t, s.HomeLooked(t.Context(), visitor, "", "one"))
		must(t, s.Finish(t.Context(), l, s.Now().Add(time.Minute), approvals.Request{}))
		shows(t, other, "one")
		if got, next, err := other.Lease(t.Context(), 10); len(got) != 0 || next.Before(s.Now().Add(50*time.Second)) || err != nil {
			t.Errorf("leased %v, next at %s, %v; want nothing for a minute", got, next, err)
		}
		must(t, other.OpenHome(t.Context(), visitor))
		shows(t, s, "")
		homeLease(t, s)
	})
}

// TestHomeShownBeside: what somebody shows beside a look counts, and the look that is
// under way is forgotten; the next one comes after the pause.
func TestHomeShownBeside(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		must(t, s.OpenHome(t.Context(), visitor))
		l := homeLease(t, s)
		must(t, s.HomeShown(t.Context(), visitor, "answer", time.Minute))
		must(t, s.HomeLooked(t.Context(), visitor, "", "stale"))
		must(t, s.Finish(t.Context(), l, time.Time{}, approvals.Request{}))
		shows(t, s, "answer")
		if got, next, err := s.Lease(t.Context(), 10); len(got) != 0 || next.Before(s.Now().Add(50*time.Second)) || err != nil {
			t.Errorf("leased %v, next at %s, %v; want the next look in a minute", got, next, err)
		}
	})
}

// TestHomeClosed: hours after it was opened last, a home is forgotten, whatever it showed
// meanwhile, and is not opened by what it would show.
func TestHomeClosed(t *testing.T) {
	mini := redistest.Mini(t)
	s := newTestStore(t, redistest.Client(t, mini.Addr()), testActions())
	must(t, s.OpenHome(t.Context(), visitor))
	mini.FastForward(approvals.HomeLife - time.Minute)
	must(t, s.HomeShown(t.Context(), visitor, "late", time.Minute))
	shows(t, s, "late")
	mini.FastForward(2 * time.Minute)
	must(t, s.HomeShown(t.Context(), visitor, "too late", time.Minute))
	if mark, open, err := s.Home(t.Context(), visitor); open || err != nil {
		t.Errorf("after %s it shows %q, %v", approvals.HomeLife, mark, err)
	}
}
