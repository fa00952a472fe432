package office

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// slowTown is people of whom one takes for ever to ask about.
type slowTown struct {
	approvalstest.Town

	slow     string
	at, most *atomic.Int64
	asked    chan struct{}
}

func (d slowTown) Facts(ctx context.Context, user string) (approvals.Facts, error) {
	if user != d.slow {
		return d.Town.Facts(ctx, user)
	}
	d.most.Store(max(d.most.Load(), d.at.Add(1)))
	defer d.at.Add(-1)
	select {
	case d.asked <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return approvals.Facts{}, ctx.Err()
}

// TestWorkerQueueHead approves and sends others while the approver
// of the first in the queue is asked about.
func TestWorkerQueueHead(t *testing.T) {
	posted := make(chan struct{}, 100)
	var posts atomic.Int64
	people := slowTown{
		Town: approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U3": {Person: approvalstest.Second}}},
		slow: "U2", at: new(atomic.Int64), most: new(atomic.Int64), asked: make(chan struct{}, 1),
	}
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			fmt.Fprintf(w, `{"id":"j%d","type":"CollectInvestigationPackage","status":"Pending"}`, posts.Add(1))
			posted <- struct{}{}
			return
		}
		fmt.Fprint(w, `{"value":[]}`)
	}, chatter{}, people)
	o.redis.SetTime(time.Time{}) // real time from here on
	o.store = newTestStore(t, o.rdb, roomyActions())
	approved(t, o.store, approvalstest.DeviceNo(1)) // by U2
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	defer func() {
		cancel()
		<-ended
	}()
	<-people.asked
	for i := range 20 {
		r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(10+i)), 0)
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
		apply(t, o.store, r, approvals.Approve{By: approvalstest.Second, Digest: r.Digest()})
		<-posted
	}
	if n := people.most.Load(); n != 1 {
		t.Errorf("%d steps looked at the head of the queue at once, want 1", n)
	}
}

// silentTown does not say who anybody is, and takes ten seconds for that.
type silentTown struct {
	approvalstest.Town

	waits func(time.Duration)
}

func (d silentTown) Facts(context.Context, string) (approvals.Facts, error) {
	d.waits(10 * time.Second)
	return approvals.Facts{}, approvalstest.ErrDown
}

// TestWorkerSilentSlack has nineteen calls wait for Slack,
// and one that runs.
func TestWorkerSilentSlack(t *testing.T) {
	var o *office
	o = newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"id":%q,"state":"Benign"}`, jobOf(r))
	}, chatter{}, silentTown{waits: func(d time.Duration) { o.pass(d) }})
	r := o.working("investigate", 20, 1)
	began := o.clock()
	for o.load(r.ID).Calls[0].State == approvals.Running && o.clock().Sub(began) < 5*time.Minute {
		o.pass(time.Second)
		o.turns(3)
	}
	if got := o.clock().Sub(began); got > time.Minute {
		t.Errorf("the end of the call that ran was seen after %s", got)
	}
}

// TestWorkerOlderVersionEnds has an action that is not in the
// catalogue, as after a roll-back.
func TestWorkerOlderVersionEnds(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	o.knows(nil)
	o.pass(r.Terms.ApprovalTTL)
	o.turns(50)
	if got := o.load(r.ID); got.State != approvals.Expired {
		t.Errorf("%s after its time, want expired", got.State)
	}
}

// TestWorkerHandsOverAtEnd hands a request to a worker that stops, and to one that
// has stopped: others can have it at once.
func TestWorkerHandsOverAtEnd(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 1, 0)
	handOver := func() {
		t.Helper()
		got, _, err := o.store.Lease(t.Context(), 10)
		i := slices.IndexFunc(got, func(l ledger.Lease) bool { return l.Member == r.ID })
		if err != nil || i < 0 {
			t.Fatalf("leases %v, %v", got, err)
		}
		o.handOver(t.Context(), r, got[i])
	}
	handOver()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := o.Run(ctx); err == nil {
		t.Error("Run says that it was not stopped")
	}
	handOver()
	at, err := o.redis.ZScore(o.key("due"), r.ID)
	if err != nil || int64(at) > o.clock().UnixMilli() {
		t.Errorf("due at %.0f (%v), want now, %d", at, err, o.clock().UnixMilli())
	}
	if until, err := o.redis.ZScore(o.key("held"), r.ID); err == nil && until > 0 {
		t.Errorf("held until %.0f by nobody", until)
	}
}

// panicTown has a bug.
type panicTown struct{ approvalstest.Town }

func (panicTown) Facts(context.Context, string) (approvals.Facts, error) {
	panic("a bug in the directory")
}

// TestWorkerPanicInLookUp: a panic is an error; in a goroutine of its own it would end the
// process.
func TestWorkerPanicInLookUp(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 1, 0)
	d := newTestDesk(o.store, panicTown{})
	if _, err := d.Approve(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); err == nil {
		t.Error("no error")
	}
}

// TestWorkerLookAndSend has look-ups that take ten seconds and
// fail, and a call that waits beside them.
func TestWorkerLookAndSend(t *testing.T) {
	var posts atomic.Int64
	var o *office
	o = newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			fmt.Fprint(w, `{"id":"j2","type":"CollectInvestigationPackage","status":"Pending"}`)
			return
		}
		o.pass(10 * time.Second)
		http.Error(w, "{}", http.StatusInternalServerError)
	}, chatter{}, nil)
	r := o.working("collect", 3, 0)
	var err error
	for i := range 2 {
		if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	}
	o.pass(approvals.SearchEvery)
	began := o.clock()
	for posts.Load() == 0 && o.clock().Sub(began) < 5*time.Minute {
		o.turns(1)
		o.pass(time.Second)
	}
	if took := o.clock().Sub(began); took > time.Minute {
		t.Errorf("the call that waits was sent after %s", took)
	}
}

// TestWorkerOlderVersionQueues: it does not know the queue.
func TestWorkerOlderVersionQueues(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r := o.working("collect", 2, 1)
	o.knows(nil)
	_, err := o.store.Apply(t.Context(), ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) {
		return approvals.Cancel{By: approvalstest.Asker}, nil
	})
	if err == nil {
		t.Error("a call left the queue of an action that is not known")
	}
	o.knows(roomyActions())
	apply(t, o.store, r, approvals.Cancel{By: approvalstest.Asker})
}

// TestWorkerHangingLookUps has more look-ups that are never
// answered than one step has time for, and a call that waits beside them.
func TestWorkerHangingLookUps(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	var o *office
	o = newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			fmt.Fprint(w, `{"id":"j3","type":"CollectInvestigationPackage","status":"Pending"}`)
			return
		}
		o.pass(10 * time.Second)
		<-r.Context().Done()
	}, chatter{}, nil)
	r := o.working("collect", 4, 0)
	var err error
	for i := range 3 {
		if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			t.Fatal(err)
		}
		r = apply(t, o.store, r, approvals.On{Call: i, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	}
	for _, k := range []approvals.Kind{approvals.Look, approvals.Clock} {
		if _, _, err := o.step(t.Context(), ledger.Lease{Member: k.Member(r.ID)}, o.load(r.ID)); err != nil {
			t.Fatal(err)
		}
	}
	if posts.Load() != 1 {
		t.Errorf("%d calls were sent after two steps, want the one that waits", posts.Load())
	}
}

// TestWorkerHeldFullWindow: a call that was held comes back into the queue
// also while another one of its request waits for the window, and nobody is busy
// with that until a slot is free.
func TestWorkerHeldFullWindow(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	collect, _ := o.store.Action("collect")
	collect.Post.Limits = []defender.Limit{{Calls: 1, Per: time.Hour}}
	o.knows(defender.Catalogue{collect})
	r := o.working("collect", 3, 1)
	r = apply(t, o.store, r, approvals.On{Call: 2, Event: approvals.Wait{Why: approvals.Why{Reason: approvals.NotReached}, Hold: o.store.Now().Add(time.Minute)}})
	o.pass(2 * time.Minute)
	if n := o.turns(50); n > 20 {
		t.Errorf("%d steps in one moment", n)
	}
	if c := o.load(r.ID).Calls[2]; c.State != approvals.Queued || !c.Hold.IsZero() {
		t.Errorf("the call is %s, held until %s", c.State, c.Hold)
	}
}
