package office

import (
	"io"
	"net/http"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// jump moves Redis's clock against everybody else's.
func (o *office) jump(by time.Duration) {
	o.t.Helper()
	o.ahead += by
	o.pass(0)
	if _, _, err := o.store.Lease(o.t.Context(), 0); err != nil { // whoever asks notices
		o.t.Fatal(err)
	}
}

// TestSearchAfterJump: a job that cannot be seen yet is not taken for not started
// because Redis's clock jumps ahead.
func TestSearchAfterJump(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"value":[]}`) }, chatter{}, nil)
	r := o.working("collect", 1, 0)
	r, err := o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 0))
	if err != nil {
		t.Fatal(err)
	}
	apply(t, o.store, r, approvals.On{Call: 0, Event: approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}})
	o.pass(approvals.SearchEvery)
	o.turns(50)
	o.jump(time.Hour)
	for range 8 {
		o.pass(approvals.SearchEvery)
		o.turns(50)
	}
	if got := o.load(r.ID).Calls[0]; got.State != approvals.Uncertain {
		t.Fatalf("%s (%s) two minutes after the jump, want uncertain", got.State, got.Why.Reason)
	}
	for range 8 {
		o.pass(approvals.SearchEvery)
		o.turns(50)
	}
	if got := o.load(r.ID).Calls[0]; got.State != approvals.Failed || got.Why.Reason != approvals.NotStarted {
		t.Errorf("%s (%s) four minutes after it, want failed, not started", got.State, got.Why.Reason)
	}
}

// TestFollowAfterJumpBack: Redis's clock goes back by an hour. A job that runs is
// followed all the same, and a call that was held is sent.
func TestFollowAfterJumpBack(t *testing.T) {
	posts := 0
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts++
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, `{"id":"j9","type":"CollectInvestigationPackage","status":"Pending"}`)
			return
		}
		io.WriteString(w, `{"value":[{"id":"j0","type":"CollectInvestigationPackage","status":"Succeeded"}]}`)
	}, chatter{}, nil)
	r := o.working("collect", 2, 1)
	apply(t, o.store, r, approvals.On{Call: 1, Event: approvals.Wait{Why: approvals.Why{Reason: approvals.NotReached}, Hold: o.store.Now().Add(time.Minute)}})
	o.jump(-time.Hour)
	for range 3 {
		o.pass(5 * time.Second)
		o.turns(50)
	}
	got := o.load(r.ID).Calls
	if got[0].State != approvals.Succeeded || posts != 1 {
		t.Errorf("the first call is %s, the second was sent %d times; want succeeded and once", got[0].State, posts)
	}
}

// TestSetBackPending: what became of a request that waits for approval cannot be known
// when Redis has lost changes: it may have been approved and sent. It is closed, and
// its card says so.
func TestSetBackPending(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
	if err != nil {
		t.Fatal(err)
	}
	o.pass(time.Second)
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	r = apply(t, o.store, r, approvals.Show{TS: "1.1", Visible: r.Visible})
	o.turns(50)
	last := o.rdb.XRevRangeN(t.Context(), o.key("audit"), "+", "-", 1).Val()[0].ID
	o.rdb.XDel(t.Context(), o.key("audit"), last)
	for range 3 {
		o.pass(time.Second)
		o.turns(50)
	}
	got := o.load(r.ID)
	if got.State != approvals.Rejected || got.Ended.Why.Reason != approvals.SetBack || got.Behind() {
		t.Errorf("%s (%s), card behind %t; want rejected, set back, and shown", got.State, got.Ended.Why.Reason, got.Behind())
	}
	later := pendingOn(t, o.store, approvalstest.DeviceNo(1))
	o.pass(time.Second)
	o.turns(50)
	if got := o.load(later.ID); got.State != approvals.Pending {
		t.Errorf("a request of later is %s (%s), want pending", got.State, got.Ended.Why.Reason)
	}
}
