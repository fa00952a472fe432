package ledger

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// TestStoreCreate: a request is stored whole.
func TestStoreCreate(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		made, err := s.Create(t.Context(), Op{ID: "op1"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 5)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), made.ID)
		if err != nil || !cmp.Equal(got, made) {
			t.Fatalf("Load: %v\n%s", err, cmp.Diff(made, got))
		}
		if got.State != approvals.Checking || got.Version != 1 || !strings.HasPrefix(got.ID, "D-") {
			t.Errorf("got %+v", got)
		}
		if _, err := s.Load(t.Context(), "D-000000"); !approvals.IsRefusal(err, approvals.NoSuchRequest) {
			t.Errorf("Load of nothing: %v", err)
		}
	})
}

// TestStoreRepeatedOp: a repeated operation changes nothing.
func TestStoreRepeatedOp(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		first, err := s.Create(t.Context(), Op{ID: "envelope-1"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Create(t.Context(), Op{ID: "envelope-1"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil || again.ID != first.ID {
			t.Errorf("the same envelope again: got %s and %v, want %s", again.ID, err, first.ID)
		}
		first = apply(t, s, first, approvals.Resolve{Devices: []approvals.Device{approvalstest.DeviceNo(1)}})
		yes := func(approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: first.Digest()}, nil
		}
		one, err := s.Apply(t.Context(), Op{ID: "envelope-2"}, first, yes)
		if err != nil {
			t.Fatal(err)
		}
		two, err := s.Apply(t.Context(), Op{ID: "envelope-2"}, first, yes)
		if err != nil || two.Version != one.Version || len(two.Approvals) != 1 {
			t.Errorf("the same click again: version %d, %d approvals, %v", two.Version, len(two.Approvals), err)
		}
		again, err = s.Apply(t.Context(), Op{ID: "envelope-2"}, one, yes)
		if err != nil || again.Version != one.Version {
			t.Errorf("the same click again, on what it has made: %v", err)
		}
		if _, err := s.Apply(t.Context(), Op{ID: "envelope-3"}, one, yes); !approvals.IsRefusal(err, approvals.AlreadyDecided) {
			t.Errorf("another click: got %v, want already decided", err)
		}
	})
}

// TestStoreConcurrentDecisions: of many decisions one wins.
func TestStoreConcurrentDecisions(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		stores := []*Store{newTestStore(t, rdb, testActions()), newTestStore(t, rdb, testActions())}
		r, err := stores[0].Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, stores[0], r, approvals.Resolve{Devices: []approvals.Device{approvalstest.DeviceNo(1)}})
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				e := approvals.Event(approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
				if i%2 == 1 {
					e = approvals.Deny{By: approvalstest.Second, Digest: r.Digest(), Text: "no"}
				}
				_, err := stores[i%2].Apply(t.Context(), NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
				if err == nil {
					won.Add(1)
				} else if !approvalstest.WasRefused(err) {
					t.Errorf("%s: %v", approvals.EventName(e), err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 32 clicks won, want 1", won.Load())
		}
	})
}

// TestStoreRefusalOnOldRecord: a refusal on an old record is decided again.
func TestStoreRefusalOnOldRecord(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		old, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, s, old, approvals.Resolve{Devices: []approvals.Device{approvalstest.DeviceNo(1)}})
		got := apply(t, s, old, approvals.Approve{By: approvalstest.Leader, Digest: old.Digest()}) // refused while checking
		if got.State != approvals.Approved {
			t.Errorf("got %s, want approved", got.State)
		}
	})
}

// TestLoadForged: what is no id is no key either.
func TestLoadForged(t *testing.T) {
	s := newMoment(t, testActions()).Store
	approved(t, s, approvalstest.DeviceNo(1))
	for _, id := range []string{"", "due", "index", "op:ask-1", "D-", "D-7k3f9q", "D-7K3F9Q/0", "D-7K3F9Q\n"} {
		if _, err := s.Load(t.Context(), id); !approvals.IsRefusal(err, approvals.NoSuchRequest) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// TestStoreLateCommit: a late commit is refused and decided again.
func TestStoreLateCommit(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		behind := time.Now().Add(-10 * time.Second)
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		s.ahead.Store(int64(time.Until(behind))) // as if this commit had been on the way for ten seconds
		r, err := s.Create(t.Context(), NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		if age := time.Since(r.Asked); age > 3*time.Second {
			t.Errorf("recorded as asked %s ago: the late commit was taken", age)
		}
	})
}

// dropper is a proxy before Redis that swallows the answers to scripts.
type dropper struct {
	addr string
	drop atomic.Int32 // how many answers are still to be dropped
}

// serve passes everything on, and cuts the connection in place of an answer.
func (d *dropper) serve(c net.Conn, to string) {
	up, err := net.Dial("tcp", to)
	if err != nil {
		c.Close()
		return
	}
	go func() {
		io.Copy(up, c)
		up.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := up.Read(buf)
		if err != nil || d.drop.Load() > 0 && d.drop.Add(-1) >= 0 {
			break
		}
		if _, err := c.Write(buf[:n]); err != nil {
			break
		}
	}
	c.Close()
	up.Close()
}

// TestStoreLostAnswer: a lost answer does nothing twice.
func TestStoreLostAnswer(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		proxy := newDropper(t, addr)
		s := newTestStore(t, redistest.Client(t, proxy.addr), testActions())
		ctx := t.Context()

		proxy.drop.Store(1)
		r, err := s.Create(ctx, Op{ID: "ask"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if err != nil || r.Version != 1 {
			t.Fatalf("Create: version %d, %v", r.Version, err)
		}
		for _, e := range []approvals.Event{
			approvals.Resolve{Devices: r.Devices},
			approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()},
			approvals.On{Call: 0, Event: approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}},
			approvals.On{Call: 0, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j"}}},
			approvals.On{Call: 0, Event: approvals.Report{Job: approvals.Job{ID: "j", Status: "Succeeded"}, As: approvals.Succeeded}},
		} {
			proxy.drop.Store(1)
			before := r.Version
			if r = apply(t, s, r, e); r.Version != before+1 {
				t.Errorf("%s: version %d after %d", approvals.EventName(e), r.Version, before)
			}
		}
		proxy.drop.Store(1)
		got, _, err := s.Lease(ctx, 10)
		if err != nil || len(got) > 1 {
			t.Errorf("lease: %d members and %v", len(got), err)
		}
		entries, err := redistest.Trail(ctx, s.rdb, s.keys.audit())
		if err != nil || len(entries) != 6 {
			t.Errorf("%d audit entries and %v, want 6", len(entries), err)
		}
		if n := s.rdb.ZCard(ctx, s.keys.window("collectInvestigationPackage")).Val(); n != 1 {
			t.Errorf("%d slots booked, want 1", n)
		}
	})
}

// TestStoreLostCommitErrors: what is said about a lost commit is true.
func TestStoreLostCommitErrors(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		proxy := newDropper(t, server.Addr)
		s := newTestStore(t, redistest.Client(t, proxy.addr), testActions())
		proxy.drop.Store(1000)
		if _, err := s.Create(t.Context(), Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0); !errors.Is(err, approvals.ErrUnconfirmed) {
			t.Errorf("no answer at all: got %v, want could not confirm", err)
		}
		server.Kill(t)
		fresh := NewStore(StoreConfig{Redis: server.Client(t), Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now})
		if _, err := fresh.Create(t.Context(), Op{ID: "c"}, approvalstest.Asked(approvalstest.DeviceNo(3)), 0); !errors.Is(err, approvals.ErrNotRecorded) {
			t.Errorf("no connection could be made: got %v, want nothing was recorded", err)
		}
	})
}

// TestStoreTooFewReplicas: too few replicas are not durable.
func TestStoreTooFewReplicas(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		s := NewStore(StoreConfig{Redis: server.Client(t), Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now, Replicas: 1})
		if _, err := s.Create(t.Context(), Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0); !errors.Is(err, approvals.ErrTooFewReplicas) {
			t.Fatalf("with no replica: got %v", err)
		}
		again, err := s.Create(t.Context(), Op{ID: "a"}, approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
		if !errors.Is(err, approvals.ErrTooFewReplicas) || again.State != approvals.Checking {
			t.Errorf("the same with no replica once more, as Slack sends it again: got %s and %v", again.State, err)
		}
		one := NewStore(StoreConfig{Redis: server.Client(t), Installation: Installation{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now})
		r := pendingOn(t, one, approvalstest.DeviceNo(2))
		_, lease, err := s.ApplyAndLease(t.Context(), NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
			return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
		})
		if !errors.Is(err, approvals.ErrTooFewReplicas) || lease.Token == 0 {
			t.Errorf("an approval that is there: %v, and nobody knows of the lease %+v", err, lease)
		}
		host, port, _ := strings.Cut(server.Addr, ":")
		redistest.Start(t, "--replicaof", host+" "+port)
		waitFor(t, func(ctx context.Context) bool {
			n, err := s.rdb.Do(ctx, "wait", 1, 100).Int()
			return err == nil && n == 1
		})
		n := 1
		waitFor(t, func(ctx context.Context) bool { // a busy replica may be late once
			n++
			_, err := s.Create(ctx, NewOp(), approvalstest.Asked(approvalstest.DeviceNo(n+2)), 0)
			return err == nil
		})
	})
}

// waitFor asks until it is so; each question takes its time on the server.
func waitFor(t *testing.T, so func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !so(ctx) {
		if ctx.Err() != nil {
			t.Fatal("it never came to be so")
		}
	}
}

func TestStoreForget(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, approvalstest.DeviceNo(1))
		r = apply(t, s, r, approvals.Cancel{By: approvalstest.Asker})
		apply(t, s, r, approvals.Forget{})
		ctx := t.Context()
		for key, n := range map[string]int64{
			s.keys.request(r.ID): s.rdb.Exists(ctx, s.keys.request(r.ID)).Val(),
			"agenda":             s.rdb.ZCard(ctx, s.keys.agenda()).Val(),
			"index":              s.rdb.ZCard(ctx, s.keys.index()).Val(),
			"queue":              s.rdb.ZCard(ctx, s.keys.queue("collectInvestigationPackage")).Val(),
		} {
			if n != 0 {
				t.Errorf("%s: %d left", key, n)
			}
		}
	})
}
