package ledger

import (
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// refuse has Defender refuse a call of a new request for an action, because of why.
func refuse(t *testing.T, s *Store, action string, device int, why approvals.Reason) {
	t.Helper()
	answer(t, s, action, device, approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: why}})
}

// answer makes a request for an action, sends its call and commits the answer.
func answer(t *testing.T, s *Store, action string, device int, e approvals.CallEvent) {
	t.Helper()
	r, err := s.Create(t.Context(), NewOp(), askedFor(action, device), 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, s, r, approvals.Resolve{Devices: r.Devices})
	r = apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	r = apply(t, s, r, approvals.On{Call: 0, Event: approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}})
	apply(t, s, r, approvals.On{Call: 0, Event: e})
}

func askedFor(action string, device int) approvals.Request {
	r := approvalstest.Asked(approvalstest.DeviceNo(device))
	r.Action = action
	return r
}

// offered reports whether a new request for an action is taken.
func offered(t *testing.T, s *Store, action string, device int) (bool, *approvals.Refusal) {
	t.Helper()
	_, err := s.CreateIfOffered(t.Context(), NewOp(), askedFor(action, device), 0)
	refused, is := approvals.AsRefusal(err)
	if err != nil && (!is || refused.Why.Reason != approvals.Ended) {
		t.Fatal(err)
	}
	return err == nil, refused
}

// endedAgo is how long ago Defender refused investigations because they have ended; -1: it
// did not, as far as is known.
func endedAgo(t *testing.T, s *Store) time.Duration {
	t.Helper()
	a, _ := defender.Actions().Named("investigate")
	at, err := s.EndedAt(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if at.IsZero() {
		return -1
	}
	return s.Now().Sub(at).Abs()
}

// TestEndedRemembered: that Defender refused an action because it has ended is known to
// all bots of the tenant from that commit on, about that action alone, until an attempt
// is accepted. Whoever asks all the same, and a repeat of what was recorded, are taken.
func TestEndedRemembered(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		s := newTestStore(t, rdb, defender.Actions())
		other := NewStore(StoreConfig{
			Redis: rdb, Tenant: Tenant{"global", "tenant", "client"}, Installation: Installation{App: "A9", Team: "T9"}, Catalogue: defender.Actions(), Clock: time.Now,
		})
		if err := other.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := NewOp()
		made, err := s.CreateIfOffered(t.Context(), before, askedFor("investigate", 0), 0)
		if err != nil {
			t.Fatal(err)
		}
		refuse(t, s, "investigate", 1, approvals.Disallowed)
		if is, _ := offered(t, s, "investigate", 2); !is {
			t.Fatal("refused for another reason, and not offered any more")
		}
		if ago := endedAgo(t, s); ago != -1 {
			t.Errorf("refused for another reason, and known as ended %v ago", ago)
		}
		refuse(t, s, "investigate", 3, approvals.Ended)
		for n, store := range []*Store{s, other} {
			is, refused := offered(t, store, "investigate", 10+n)
			if is || s.Now().Sub(refused.Why.Since).Abs() > 10*time.Second {
				t.Errorf("bot %d: offered %v, %+v", n, is, refused)
			}
			if ago := endedAgo(t, store); ago == -1 || ago > 10*time.Second {
				t.Errorf("bot %d: known as ended %v ago", n, ago)
			}
		}
		if is, _ := offered(t, s, "scan", 4); !is {
			t.Error("another action is not offered either")
		}
		if again, err := s.CreateIfOffered(t.Context(), before, askedFor("investigate", 0), 0); err != nil || again.ID != made.ID {
			t.Errorf("a repeat of what was recorded: %s, %v; want %s", again.ID, err, made.ID)
		}
		if _, err := s.Create(t.Context(), NewOp(), askedFor("investigate", 5), 0); err != nil {
			t.Errorf("all the same: %v", err)
		}
		if ttl := rdb.PTTL(t.Context(), s.keys.ended("startInvestigation")).Val(); ttl < 23*time.Hour || ttl > 24*time.Hour {
			t.Errorf("it is remembered for %s, want a day", ttl)
		}
		if key := s.keys.ended("startInvestigation"); strings.Contains(key, "A1") || key != other.keys.ended("startInvestigation") {
			t.Errorf("the key %q is not the tenant's", key)
		}
		answer(t, s, "investigate", 6, approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "7"}})
		if is, _ := offered(t, s, "investigate", 7); !is {
			t.Error("an attempt was accepted, and it is not offered")
		}
		if ago := endedAgo(t, s); ago != -1 {
			t.Errorf("an attempt was accepted, and it is known as ended %v ago", ago)
		}
	})
}

// TestEndedForgotten: after a day a call asks again.
func TestEndedForgotten(t *testing.T) {
	m := redistest.Mini(t)
	s := newTestStore(t, redistest.Client(t, m.Addr()), defender.Actions())
	refuse(t, s, "investigate", 1, approvals.Ended)
	m.FastForward(24*time.Hour - time.Second)
	if is, _ := offered(t, s, "investigate", 2); is {
		t.Error("forgotten before a day has passed")
	}
	m.FastForward(2 * time.Second)
	if is, _ := offered(t, s, "investigate", 2); !is {
		t.Error("remembered for more than a day")
	}
}
