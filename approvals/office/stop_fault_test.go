package office

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// TestStopWindowFull: the window of cancellations is used up. The stop waits for its turn,
// its card says so, and calls of the request that wait for theirs do not wait for it.
func TestStopWindowFull(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	limits := defender.CancelEndpoint().Limits[0]
	if at, err := o.store.BookReads(t.Context(), defender.CancelEndpoint(), limits.Calls, ledger.ForStop()); err != nil || !at.IsZero() {
		t.Fatal(at, err)
	}
	o.asksToStop(r)
	o.turns(50)
	c := o.load(r.ID).Calls[0]
	if c.Stop.State != approvals.StopAsked || c.Stop.Why.Reason != approvals.WaitsForWindow || !c.Stop.Hold.After(o.store.Now()) || len(m.posts) != 0 {
		t.Fatalf("%+v after %d POSTs, want it held", c.Stop, len(m.posts))
	}
	if sent := c.Stop.Hold.Sub(o.store.Now()); sent < limits.Per+approvals.SendLimit+approvals.PostLimit {
		t.Errorf("a place is free after %s: what was booked can be counted for 25 s longer than the window", sent)
	}
	for range 100 {
		o.pass(time.Second)
		o.turns(50)
	}
	if c = o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || len(m.posts) != 1 {
		t.Errorf("%s after %d POSTs, want it cancelled", c.State, len(m.posts))
	}
}

// TestStopBeforeQueue: a stop that is held keeps no call that waits from being sent.
func TestStopBeforeQueue(t *testing.T) {
	o, m, r := collecting(t, 2, 1)
	m.cancel = func(w http.ResponseWriter, id string) bool {
		if id != "" && strings.HasPrefix(id, "0000") {
			return refuses(429, "TooManyRequests", "Try again in 600 seconds")(w, id)
		}
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"id":"`+jobNo(1)+`","type":"CollectInvestigationPackage","status":"Pending"}`)
		return true
	}
	m.status[jobNo(1)] = "Pending"
	o.asksToStop(r)
	o.turns(50)
	got := o.load(r.ID)
	if got.Calls[0].Stop.Why.Reason != approvals.Throttled || got.Calls[1].State != approvals.Running {
		t.Errorf("%+v and %s; want the stop held and the other call sent", got.Calls[0].Stop, got.Calls[1].State)
	}
}

// TestStopNoToken: without a token nothing is sent; the card says why, and it is tried
// again.
func TestStopNoToken(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	good := o.defender
	o.defender = defenderWithoutToken(t, o.clock)
	o.asksToStop(r)
	o.turns(50)
	c := o.load(r.ID).Calls[0]
	if c.Stop.State != approvals.StopAsked || c.Stop.Why.Reason != approvals.NoToken || c.Stop.Attempt != 0 || len(m.posts) != 0 {
		t.Errorf("%+v after %d POSTs, want that there is no token", c.Stop, len(m.posts))
	}
	o.defender = good
	o.pass(10 * time.Second)
	o.turns(50)
	if c = o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled {
		t.Errorf("%s with %+v when there is one", c.State, c.Stop)
	}
}

// TestStopLostAttempt: Redis forgets that a stop was sent. The process that sent it does
// not, and does not send it again.
func TestStopLostAttempt(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(503, "", "")
	o.asksToStop(r)
	restore := o.snapshot()
	o.turns(50)
	if len(m.posts) != 1 {
		t.Fatalf("%d POSTs", len(m.posts))
	}
	restore()
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.Stop.State != approvals.StopLost || c.Stop.Why.Reason != approvals.RolledBack || len(m.posts) != 1 {
		t.Errorf("%+v after %d POSTs; want it lost, and one", c.Stop, len(m.posts))
	}
}

// TestStopSetBack: Redis has lost changes since somebody asked for a stop, perhaps that
// another process sent it. It is not sent; whoever asks after that gets it sent.
func TestStopSetBack(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(429, "TooManyRequests", "Try again in 20 seconds")
	o.pass(time.Second)
	o.asksToStop(r)
	o.turns(50)
	last := o.rdb.XRevRangeN(t.Context(), o.key("audit"), "+", "-", 1).Val()[0].ID
	o.rdb.XDel(t.Context(), o.key("audit"), last)
	m.cancel = nil
	for range 30 {
		o.pass(time.Second)
		o.turns(50)
	}
	got := o.load(r.ID)
	if s := got.Calls[0].Stop; s.State != approvals.StopLost || s.Why.Reason != approvals.RolledBack || len(m.posts) != 1 {
		t.Fatalf("%+v after %d POSTs; want it lost, and no second one", s, len(m.posts))
	}
	o.asksToStop(got)
	o.pass(3 * time.Second)
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || len(m.posts) != 2 {
		t.Errorf("%s after %d POSTs, want it cancelled when it is asked for again", c.State, len(m.posts))
	}
}

// TestStopAfterFault: a Redis that did not answer may come back without its last changes.
func TestStopAfterFault(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	o.asksToStop(r)
	o.redis.SetError("LOADING Redis is loading the dataset in memory")
	if _, err := o.store.Load(t.Context(), r.ID); err == nil {
		t.Fatal("Redis answers")
	}
	o.redis.SetError("")
	o.turns(50)
	if len(m.posts) != 0 {
		t.Fatal("sent at once")
	}
	for range 4 {
		o.pass(time.Second)
		o.turns(50)
	}
	if len(m.posts) != 1 {
		t.Errorf("%d POSTs four seconds later, want one", len(m.posts))
	}
}

// TestStopFailures goes through every cause that a cancellation can fail for.
func TestStopFailures(t *testing.T) {
	w := newOffice(t, nil, chatter{}, nil)
	at := w.store.Now()
	c := approvalstest.SampleCall(approvals.Running)
	c.Stop = approvals.Stopping{State: approvals.StopSending, By: approvalstest.Leader, At: at.Add(-time.Minute), Attempt: 1}
	no := func(reason approvals.Reason) approvals.CallEvent {
		return approvals.RefuseStop{Attempt: 1, Why: approvals.Why{Reason: reason}}
	}
	lost := approvals.LoseStop{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}
	hold := func(reason approvals.Reason, d time.Duration) approvals.CallEvent {
		return approvals.HoldStop{Attempt: 1, Why: approvals.Why{Reason: reason}, Hold: at.Add(d)}
	}
	for cause, want := range map[defender.Cause]approvals.CallEvent{
		defender.OutcomeUnknown:  lost,
		defender.BadAnswer:       lost,
		defender.NotSent:         hold(approvals.NotReached, 15*time.Second),
		defender.Unauthenticated: hold(approvals.TokenRefused, freshToken+approvals.Margin),
		defender.Throttled:       hold(approvals.Throttled, 90*time.Second+approvals.Margin),
		defender.NotFound:        no(approvals.NotShown),
		defender.Licence:         no(approvals.Licence),
		defender.Disallowed:      no(approvals.Disallowed),
		defender.Refused:         no(approvals.Refused),
	} {
		err := &defender.Error{Cause: cause, RetryAfter: 90 * time.Second}
		if diff := cmp.Diff(want, w.unstopped(t.Context(), c, fmt.Errorf("cancel: %w", err))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", cause, diff)
		}
	}
	for name, tt := range map[string]struct {
		err  error
		want approvals.CallEvent
	}{
		"held up":                         {&defender.Error{Cause: defender.NotSent, Err: defender.ErrLate}, hold(approvals.HeldUp, 15*time.Second)},
		"no id of a machine action":       {&defender.Error{Cause: defender.NotSent, Err: defender.ErrNotCancellable}, no(approvals.NoWayToStop)},
		"an error that is not Defender's": {errors.New("x"), lost},
	} {
		if diff := cmp.Diff(tt.want, w.unstopped(t.Context(), c, tt.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestStopLongWait: a stop that cannot be sent is tried less and less often, and a hold of
// a time when Redis's clock was ahead does not keep it for ever.
func TestStopLongWait(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	c := approvalstest.SampleCall(approvals.Running)
	c.Stop = approvals.Stopping{State: approvals.StopAsked, At: o.store.Now()}
	for waited, want := range map[time.Duration]time.Duration{0: 5 * time.Second, time.Minute: 15 * time.Second, 24 * time.Hour: 15 * time.Minute} {
		c.Stop.At = o.store.Now().Add(-waited)
		if got := o.stopAgain(c).Sub(o.store.Now()); got != want {
			t.Errorf("after %s: again after %s, want %s", waited, got, want)
		}
	}
	now := o.store.Now()
	for hold, want := range map[time.Duration]bool{-time.Second: true, 0: true, time.Second: false, time.Hour: false, 3 * time.Hour: true} {
		if c.Stop.Hold = now.Add(hold); stopDue(c, now) != want {
			t.Errorf("held for %s: due %v", hold, !want)
		}
	}
}
