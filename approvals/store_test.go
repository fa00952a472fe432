package approvals

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
	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/audit"
	"defenderbot/internal/redistest"
)

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
		Redis: rdb, Tenant: Tenant{"global", "tenant", "client"}, Workspace: Workspace{App: "A1", Team: "T1"}, Catalogue: actions, Clock: time.Now,
	})
}

// device is the n-th device of the tests.
func device(n int) Device {
	return Device{ID: hexID[:36] + string([]byte{"0123456789abcdef"[n>>12&15], "0123456789abcdef"[n>>8&15], "0123456789abcdef"[n>>4&15], "0123456789abcdef"[n&15]})}
}

func asked(devices ...Device) Request {
	r := sample(Checking, "")
	return Request{Action: r.Action, Devices: devices, Comment: r.Comment, By: r.By, Place: r.Place, Terms: r.Terms}
}

// approved makes a request and takes it to Approved.
func approved(t testing.TB, s *Store, devices ...Device) Request {
	t.Helper()
	r, err := s.Create(t.Context(), newOp(), asked(devices...), 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, s, r, Resolve{Devices: devices})
	return apply(t, s, r, Approve{By: leader, Digest: r.Digest()})
}

func apply(t testing.TB, s *Store, r Request, e Event) Request {
	t.Helper()
	got, err := s.Apply(t.Context(), newOp(), r, func(Request) (Event, error) { return e, nil })
	if err != nil {
		t.Fatalf("%s: %v", e.name(), err)
	}
	return got
}

func sending(s *Store, call int) decision {
	return func(Request) (Event, error) {
		return On{call, Send{NotAfter: s.Now().Add(sendLimit)}}, nil
	}
}

func TestARequestIsStoredWhole(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		made, err := s.Create(t.Context(), Op{ID: "op1"}, asked(device(1)), 5)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), made.ID)
		if err != nil || !cmp.Equal(got, made) {
			t.Fatalf("Load: %v\n%s", err, cmp.Diff(made, got))
		}
		if got.State != Checking || got.Version != 1 || !strings.HasPrefix(got.ID, "D-") {
			t.Errorf("got %+v", got)
		}
		if _, err := s.Load(t.Context(), "D-000000"); !isNo(err, NoSuchRequest) {
			t.Errorf("Load of nothing: %v", err)
		}
	})
}

func TestARepeatedOperationChangesNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		first, err := s.Create(t.Context(), Op{ID: "envelope-1"}, asked(device(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Create(t.Context(), Op{ID: "envelope-1"}, asked(device(1)), 0)
		if err != nil || again.ID != first.ID {
			t.Errorf("the same envelope again: got %s and %v, want %s", again.ID, err, first.ID)
		}
		first = apply(t, s, first, Resolve{Devices: []Device{device(1)}})
		yes := func(Request) (Event, error) { return Approve{By: leader, Digest: first.Digest()}, nil }
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
		if _, err := s.Apply(t.Context(), Op{ID: "envelope-3"}, one, yes); !isNo(err, AlreadyDecided) {
			t.Errorf("another click: got %v, want already decided", err)
		}
	})
}

func TestOfManyDecisionsOneWins(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		rdb := redistest.Client(t, addr)
		stores := []*Store{newTestStore(t, rdb, testActions()), newTestStore(t, rdb, testActions())}
		r, err := stores[0].Create(t.Context(), newOp(), asked(device(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, stores[0], r, Resolve{Devices: []Device{device(1)}})
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				e := Event(Approve{By: leader, Digest: r.Digest()})
				if i%2 == 1 {
					e = Deny{By: second, Digest: r.Digest(), Text: "no"}
				}
				_, err := stores[i%2].Apply(t.Context(), newOp(), r, func(Request) (Event, error) { return e, nil })
				if err == nil {
					won.Add(1)
				} else if !isAnyNo(err) {
					t.Errorf("%s: %v", e.name(), err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 32 clicks won, want 1", won.Load())
		}
	})
}

func TestARefusalOnAnOldRecordIsDecidedAgain(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		old, err := s.Create(t.Context(), newOp(), asked(device(1)), 0)
		if err != nil {
			t.Fatal(err)
		}
		apply(t, s, old, Resolve{Devices: []Device{device(1)}})
		got := apply(t, s, old, Approve{By: leader, Digest: old.Digest()}) // refused while checking
		if got.State != Approved {
			t.Errorf("got %s, want approved", got.State)
		}
	})
}

func TestTheSameDeviceTwiceIsRefusedUntilItsCallEnds(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		first := approved(t, s, device(1), device(2))
		_, err := s.Create(t.Context(), newOp(), asked(device(2)), 0)
		refused, ok := errors.AsType[*No](err)
		if !ok || refused.Why.Reason != AlreadyOpen || refused.Why.Detail != first.ID {
			t.Fatalf("second request on the device: got %v, want already open as %s", err, first.ID)
		}
		byName, err := s.Create(t.Context(), newOp(), asked(Device{Name: "srv-2"}), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Apply(t.Context(), newOp(), byName, func(Request) (Event, error) { return Resolve{Devices: []Device{device(2)}}, nil })
		if !isNo(err, AlreadyOpen) {
			t.Errorf("a name that turns out to be the device: got %v, want already open", err)
		}
		apply(t, s, first, On{1, Stop{By: asker}})
		if _, err := s.Create(t.Context(), newOp(), asked(device(2)), 0); err != nil {
			t.Errorf("after the call on the device has ended: %v", err)
		}
	})
}

func TestOnePersonHasSoManyRequestsOpen(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		var last Request
		for i := range 3 {
			var err error
			if last, err = s.Create(t.Context(), newOp(), asked(device(i)), 3); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Create(t.Context(), newOp(), asked(device(9)), 3); !isNo(err, TooManyOpen) {
			t.Fatalf("the fourth: got %v, want too many open", err)
		}
		apply(t, s, last, Cancel{By: asker})
		if _, err := s.Create(t.Context(), newOp(), asked(device(9)), 3); err != nil {
			t.Errorf("after one was cancelled: %v", err)
		}
	})
}

func TestAJobBelongsToOneRequest(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		one, two := approved(t, s, device(1)), approved(t, s, device(2))
		for i, r := range []*Request{&one, &two} {
			var err error
			if *r, err = s.Apply(t.Context(), newOp(), *r, sending(s, 0)); err != nil {
				t.Fatalf("send %d: %v", i, err)
			}
		}
		apply(t, s, one, On{0, Accept{Attempt: 1, Job: Job{ID: "job-1"}}})
		_, err := s.Apply(t.Context(), newOp(), two, func(Request) (Event, error) {
			return On{0, Adopt{Job: Job{ID: "job-1", Adopted: true}, As: Running}}, nil
		})
		if !isNo(err, AlreadyRunning) {
			t.Errorf("a second request takes the same job: got %v, want already running", err)
		}
	})
}

func TestALateCommitIsRefusedAndDecidedAgain(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		behind := time.Now().Add(-10 * time.Second)
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		s.ahead.Store(int64(time.Until(behind))) // as if this commit had been on the way for ten seconds
		r, err := s.Create(t.Context(), newOp(), asked(device(1)), 0)
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

func TestALostAnswerDoesNothingTwice(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		proxy := newDropper(t, addr)
		s := newTestStore(t, redistest.Client(t, proxy.addr), testActions())
		ctx := t.Context()

		proxy.drop.Store(1)
		r, err := s.Create(ctx, Op{ID: "ask"}, asked(device(1)), 0)
		if err != nil || r.Version != 1 {
			t.Fatalf("Create: version %d, %v", r.Version, err)
		}
		for _, e := range []Event{
			Resolve{Devices: r.Devices},
			Approve{By: leader, Digest: r.Digest()},
			On{0, Send{NotAfter: s.Now().Add(sendLimit)}},
			On{0, Accept{Attempt: 1, Job: Job{ID: "j"}}},
			On{0, Report{Job: Job{ID: "j", Status: "Succeeded"}, As: Succeeded}},
		} {
			proxy.drop.Store(1)
			before := r.Version
			if r = apply(t, s, r, e); r.Version != before+1 {
				t.Errorf("%s: version %d after %d", e.name(), r.Version, before)
			}
		}
		proxy.drop.Store(1)
		got, _, err := s.claim(ctx, 10)
		if err != nil || len(got) > 1 {
			t.Errorf("claim: %d members and %v", len(got), err)
		}
		entries, err := audit.Read(ctx, s.rdb, s.AuditKey())
		if err != nil || len(entries) != 6 {
			t.Errorf("%d audit entries and %v, want 6", len(entries), err)
		}
		if n := s.rdb.ZCard(ctx, s.keys.window("collectInvestigationPackage")).Val(); n != 1 {
			t.Errorf("%d slots booked, want 1", n)
		}
	})
}

func TestWhatIsSaidAboutALostCommitIsTrue(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		proxy := newDropper(t, server.Addr)
		s := newTestStore(t, redistest.Client(t, proxy.addr), testActions())
		proxy.drop.Store(1000)
		if _, err := s.Create(t.Context(), Op{ID: "a"}, asked(device(1)), 0); !errors.Is(err, ErrUnconfirmed) {
			t.Errorf("no answer at all: got %v, want could not confirm", err)
		}
		server.Kill(t)
		fresh := NewStore(StoreConfig{Redis: server.Client(t), Workspace: Workspace{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now})
		if _, err := fresh.Create(t.Context(), Op{ID: "c"}, asked(device(3)), 0); !errors.Is(err, ErrNotRecorded) {
			t.Errorf("no connection could be made: got %v, want nothing was recorded", err)
		}
	})
}

func TestTooFewReplicasAreNotDurable(t *testing.T) {
	redistest.Real(t, func(t *testing.T, server *redistest.Server) {
		s := NewStore(StoreConfig{Redis: server.Client(t), Workspace: Workspace{App: "A1", Team: "T1"}, Catalogue: testActions(), Clock: time.Now, Replicas: 1})
		if _, err := s.Create(t.Context(), Op{ID: "a"}, asked(device(1)), 0); !errors.Is(err, errTooFewReplicas) {
			t.Fatalf("with no replica: got %v", err)
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
			_, err := s.Create(ctx, newOp(), asked(device(n)), 0)
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

func TestForgettingLeavesNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := approved(t, s, device(1))
		r = apply(t, s, r, Cancel{By: asker})
		apply(t, s, r, Forget{})
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
