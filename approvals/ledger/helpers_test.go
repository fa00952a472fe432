package ledger

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// leaseOf leases what is due, and returns the lease of one member.
func leaseOf(t *testing.T, s *Store, member string) Lease {
	t.Helper()
	got, _, err := s.Lease(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got {
		if c.Member == member {
			return c
		}
	}
	t.Fatalf("%s is not among what was leased: %v", member, got)
	return Lease{}
}

func z(member string, at time.Time) redis.Z {
	return redis.Z{Score: float64(at.UnixMilli()), Member: member}
}

func pendingOn(t *testing.T, s *Store, d approvals.Device) approvals.Request {
	t.Helper()
	r, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(d), 0)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, r, approvals.Resolve{Devices: []approvals.Device{d}})
}

// testActions is a catalogue with windows small enough to fill.
func testActions() defender.Catalogue {
	collect, _ := defender.Actions().Named("collect")
	collect.Post.Limits = []defender.Limit{{Calls: 2, Per: 10 * time.Second}, {Calls: 3, Per: time.Minute}}
	return defender.Catalogue{collect}
}

func newTestStore(t testing.TB, rdb redis.UniversalClient, actions defender.Catalogue) *Store {
	t.Helper()
	s := unprepared(rdb, actions)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func unprepared(rdb redis.UniversalClient, actions defender.Catalogue) *Store {
	return NewStore(StoreConfig{
		Redis: rdb, Tenant: Tenant{"global", "tenant", "client"}, Installation: Installation{App: "A1", Team: "T1"}, Catalogue: actions, Clock: time.Now,
	})
}

// approved makes a request and takes it to Approved.
func approved(t testing.TB, s *Store, devices ...approvals.Device) approvals.Request {
	t.Helper()
	r, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(devices...), 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, s, r, approvals.Resolve{Devices: devices})
	return apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
}

func apply(t testing.TB, s *Store, r approvals.Request, e approvals.Event) approvals.Request {
	t.Helper()
	got, err := s.Apply(t.Context(), NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	if err != nil {
		t.Fatalf("%s: %v", approvals.EventName(e), err)
	}
	return got
}

func sending(s *Store, call int) Decision {
	return func(approvals.Request) (approvals.Event, error) {
		return approvals.On{Call: call, Event: approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}}, nil
	}
}

// moment is a store whose time the test moves.
type moment struct {
	*Store

	redis *miniredis.Miniredis
	mu    sync.Mutex
	now   time.Time
}

func newMoment(t *testing.T, actions defender.Catalogue) *moment {
	t.Helper()
	m := &moment{redis: redistest.Mini(t), now: approvalstest.Start}
	m.redis.SetTime(m.now)
	m.Store = unprepared(redistest.Client(t, m.redis.Addr()), actions)
	m.clock = m.time
	if err := m.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *moment) time() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// pass lets time pass.
func (m *moment) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	m.redis.SetTime(m.now)
}

func load(t *testing.T, s *Store, id string) approvals.Request {
	t.Helper()
	r, err := s.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newDropper(t *testing.T, to string) *dropper {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	d := &dropper{addr: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(c, to)
		}
	}()
	return d
}

// far is a line between a master and a replica in another place: what the
// master says arrives after a while, and what is under way when the line is
// cut never does.
type far struct {
	addr string
	lag  time.Duration
	cut  chan struct{}
}

// twoStores are the stores of two replicas of the bot, each with its own
// client.
func twoStores(t testing.TB, client func(testing.TB) redis.UniversalClient, durable int) (one, other *Store) {
	t.Helper()
	var stores [2]*Store
	for i := range stores {
		stores[i] = NewStore(StoreConfig{
			Redis: client(t), Installation: Installation{App: "A1", Team: "T1"}, Catalogue: roomyActions(), Clock: time.Now, Replicas: durable,
		})
		prepare(t, stores[i])
	}
	return stores[0], stores[1]
}

// prepare prepares a store whose replicas may have just begun to confirm writes.
func prepare(t testing.TB, s *Store) {
	t.Helper()
	if s.replicas > 0 {
		redistest.Eventually(t, "the replicas confirm", func(ctx context.Context) bool { return s.Check(ctx) == nil })
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
}
