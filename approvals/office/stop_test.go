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

// TestStop: Defender is asked once for each device, says so, and the calls are cancelled
// with who wanted it.
func TestStop(t *testing.T) {
	o, m, r := collecting(t, 3, 2)
	o.asksToStop(r)
	o.turns(1)
	for range 3 {
		o.turns(50)
	}
	got := o.load(r.ID)
	for i := range 2 {
		if c := got.Calls[i]; c.State != approvals.CallCancelled || !c.Stop.By.Is(approvalstest.Leader) || c.Stop.State != approvals.StopTaken || c.Job.Status != "Cancelled" {
			t.Errorf("call %d is %s with %+v; want it cancelled, by Grace", i, c.State, c.Stop)
		}
	}
	want := fmt.Sprintf(`{"Comment":"[%s · stopped by grace (U2)]"}`, r.ID)
	if n := len(m.posts); n < 2 || m.posts[0] != want || m.posts[1] != want {
		t.Errorf("sent %q, want %q twice", m.posts, want)
	}
	if c := got.Calls[2]; c.Stop.State != approvals.NotStopped || c.State == approvals.CallCancelled {
		t.Errorf("the call that waited is %s with %+v", c.State, c.Stop)
	}
}

// TestStopAnswers goes through what Defender can answer. The call ends when Defender says
// so, and nothing is sent twice unless it was provably not taken.
func TestStopAnswers(t *testing.T) {
	cut := func(http.ResponseWriter, string) bool { panic(http.ErrAbortHandler) }
	for name, tt := range map[string]struct {
		answer func(w http.ResponseWriter, id string) bool
		stop   approvals.StopState
		why    approvals.Reason
		posts  int // within a minute
		detail string
	}{
		"taken, and runs on": {func(w http.ResponseWriter, id string) bool {
			fmt.Fprintf(w, `{"id":%q,"status":"Pending"}`, id)
			return true
		}, approvals.StopTaken, "", 1, ""},
		"ended, they say":        {refuses(400, "BadRequest", "It is in a final state"), approvals.StopRefused, approvals.Refused, 1, "It is in a final state"},
		"ended, without a body":  {func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusBadRequest); return true }, approvals.StopLost, approvals.AnswerLost, 1, "HTTP 400"},
		"not there":              {refuses(404, "ResourceNotFound", "no such action"), approvals.StopRefused, approvals.NotShown, 1, "no such action"},
		"no role":                {refuses(403, "Forbidden", "Missing application roles."), approvals.StopRefused, approvals.MissingRole, 1, "Machine.CollectForensics"},
		"their trouble":          {refuses(503, "", ""), approvals.StopLost, approvals.AnswerLost, 1, "HTTP 503"},
		"cut off":                {cut, approvals.StopLost, approvals.AnswerLost, 1, ""},
		"nobody can read it":     {func(w http.ResponseWriter, _ string) bool { io.WriteString(w, "ok"); return true }, approvals.StopLost, approvals.AnswerLost, 1, "HTTP 200"},
		"of something else":      {func(w http.ResponseWriter, _ string) bool { io.WriteString(w, `{"id":"x"}`); return true }, approvals.StopLost, approvals.AnswerLost, 1, "HTTP 200"},
		"throttled":              {refuses(429, "TooManyRequests", "Try again in 20 seconds"), approvals.StopAsked, approvals.Throttled, 3, "Try again in 20 seconds"},
		"the token is not taken": {refuses(401, "Unauthorized", "no"), approvals.StopAsked, approvals.TokenRefused, 3, "no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, m, r := collecting(t, 1, 1)
			m.cancel = tt.answer
			o.asksToStop(r)
			for range 60 {
				o.turns(50)
				o.pass(time.Second)
			}
			c := o.load(r.ID).Calls[0]
			if c.State != approvals.Running || c.Stop.State != tt.stop || c.Stop.Why.Reason != tt.why || c.Stop.Why.Detail != tt.detail || len(m.posts) != tt.posts {
				t.Errorf("%s, stop %+v after %d POSTs; want it running, %s because of %q after %d", c.State, c.Stop, len(m.posts), tt.stop, tt.why, tt.posts)
			}
			m.mu.Lock()
			m.status[jobNo(0)], m.cancel = "Canceled", nil
			m.mu.Unlock()
			for range 30 {
				o.pass(time.Second)
				o.turns(50)
			}
			if c = o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || !c.Stop.By.Is(approvalstest.Leader) {
				t.Errorf("%s when Defender shows it cancelled", c.State)
			}
		})
	}
}

// TestStopRefusedIsLookedAt: a job that has run for an hour is asked for soon after
// Defender refused to stop it, since it may have ended.
func TestStopRefusedIsLookedAt(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(400, "BadRequest", "It is in a final state")
	o.pass(time.Hour)
	o.turns(50) // the poll of the hour
	o.asksToStop(r)
	m.status[jobNo(0)] = "Succeeded"
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.Stop.State != approvals.StopRefused {
		t.Fatalf("%+v, want it refused", c.Stop)
	}
	o.pass(4 * time.Second)
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.Succeeded {
		t.Errorf("%s four seconds after it was refused, want succeeded", c.State)
	}
}

// TestStopFinalAnswer: an action that has ended before is shown as it has.
func TestStopFinalAnswer(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = func(w http.ResponseWriter, id string) bool {
		fmt.Fprintf(w, `{"id":%q,"status":"Succeeded"}`, id)
		return true
	}
	o.asksToStop(r)
	o.turns(50)
	if got := o.load(r.ID); got.State != approvals.Done || got.Calls[0].State != approvals.Succeeded || got.Calls[0].Stop.State != approvals.StopTaken {
		t.Errorf("%s with %+v, want it succeeded", got.State, got.Calls[0])
	}
}

// TestStopAgain: after an answer was lost or refused somebody else asks, and that is sent.
func TestStopAgain(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(500, "", "")
	o.asksToStop(r)
	o.turns(50)
	d := newTestDesk(o.store, o.people.dir)
	if _, err := d.Stop(t.Context(), pressed("U3", r.Place), r.ID, r.Digest()); err != nil {
		t.Fatalf("after the answer was lost: %v", err)
	}
	m.cancel = nil
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || !c.Stop.By.Is(approvalstest.Second) || c.Stop.Attempt != 2 || len(m.posts) != 2 || !strings.Contains(m.posts[1], "stopped by joan") {
		t.Errorf("%s, %+v, sent %q; want it cancelled by joan's attempt", c.State, c.Stop, m.posts)
	}
}

// TestStopCrash: a process dies after it has recorded that a stop is sent. Another takes
// it for lost after the time of its owner, sends nothing, and sees what became of the job.
func TestStopCrash(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	r = o.asksToStop(r)
	apply(t, o.store, r, approvals.On{Event: approvals.SendStop{NotAfter: o.store.Now().Add(approvals.SendLimit)}})
	for range 50 {
		o.turns(50)
		o.pass(time.Second)
	}
	if c := o.load(r.ID).Calls[0]; c.Stop.State != approvals.StopSending {
		t.Fatalf("%+v after 50 s, want it with its owner", c.Stop)
	}
	for range 10 {
		o.pass(time.Second)
		o.turns(50)
	}
	if c := o.load(r.ID).Calls[0]; c.State != approvals.Running || c.Stop.State != approvals.StopLost || c.Stop.Why.Reason != approvals.OwnerLost || len(m.posts) != 0 {
		t.Errorf("%s, %+v after %d POSTs; want it lost with its owner, and none", c.State, c.Stop, len(m.posts))
	}
}

// TestStopLateAnswer: the owner of a stop that others took for lost says what came of it.
func TestStopLateAnswer(t *testing.T) {
	o, _, r := collecting(t, 1, 1)
	r = o.asksToStop(r)
	r = apply(t, o.store, r, approvals.On{Event: approvals.SendStop{NotAfter: o.store.Now().Add(approvals.SendLimit)}})
	apply(t, o.store, r, approvals.On{Event: approvals.LoseStop{Attempt: 1, Why: approvals.Why{Reason: approvals.OwnerLost}}})
	if err := o.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := o.postStop(t.Context(), r, 0, defender.Cancellation{NotAfter: o.store.Clock().Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if c := o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || c.Stop.State != approvals.StopTaken {
		t.Errorf("%s, %+v; want it cancelled", c.State, c.Stop)
	}
}

// TestStopEndsMeanwhile: a job that ends while its stop waits, or while it is on its way,
// ends as Defender shows it, and the log has no trouble.
func TestStopEndsMeanwhile(t *testing.T) {
	t.Run("waits", func(t *testing.T) {
		o, m, r := collecting(t, 1, 1)
		m.cancel = refuses(429, "TooManyRequests", "Try again in 600 seconds")
		o.asksToStop(r)
		o.turns(50)
		m.status[jobNo(0)], m.cancel = "Succeeded", nil
		for range 700 {
			o.pass(time.Second)
			o.turns(50)
		}
		if got := o.load(r.ID); got.State != approvals.Done || got.Calls[0].State != approvals.Succeeded || got.Calls[0].Stop.State != approvals.StopAsked || len(m.posts) != 1 {
			t.Errorf("%s, %+v after %d POSTs; want it succeeded, and no further one", got.State, got.Calls[0], len(m.posts))
		}
	})
	t.Run("on its way", func(t *testing.T) {
		o, m, r := collecting(t, 1, 1)
		log := o.logs()
		r = o.asksToStop(r)
		m.cancel = func(http.ResponseWriter, string) bool {
			at := o.load(r.ID)
			apply(t, o.store, at, approvals.On{Event: approvals.Report{Job: at.Calls[0].Job, As: approvals.Failed}})
			return false
		}
		o.turns(50)
		if got := o.load(r.ID); got.Calls[0].State != approvals.Failed || strings.Contains(log.String(), "WARN") {
			t.Errorf("%s; the log:\n%s", got.Calls[0].State, log)
		}
	})
}

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

// TestStopStillMay: a stop that had to wait is sent only if whoever asked for it still may
// when its turn comes. Not knowing only delays it; somebody else can ask again.
func TestStopStillMay(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	m.cancel = refuses(429, "TooManyRequests", "slow down")
	o.asksToStop(r)
	o.turns(50)
	m.cancel = nil
	town, rules := o.people.dir, o.people.policy
	o.people.dir = approvalstest.Town{Down: true}
	o.pass(2 * time.Minute)
	o.turns(50)
	if s := o.load(r.ID).Calls[0].Stop; s.State != approvals.StopAsked || s.Why.Reason != approvals.ApproverUnchecked || s.Attempt != 1 || len(m.posts) != 1 {
		t.Errorf("while nobody knows: %+v after %d POSTs", s, len(m.posts))
	}
	o.people.dir, o.people.policy = town, ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U3"}}, Needed: 1})
	o.pass(2 * time.Minute)
	o.turns(50)
	if s := o.load(r.ID).Calls[0].Stop; s.State != approvals.StopRefused || s.Why.Reason != approvals.NotYoursToStop || len(m.posts) != 1 {
		t.Errorf("of somebody who is no approver any more: %+v after %d POSTs", s, len(m.posts))
	}
	o.people.policy = rules
	o.asksToStop(r)
	o.turns(50)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.CallCancelled || len(m.posts) != 2 {
		t.Errorf("asked for again: %s with %+v after %d POSTs", c.State, c.Stop, len(m.posts))
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

// TestDeskStop: who may stop what, and what is refused.
func TestDeskStop(t *testing.T) {
	o, _, r := collecting(t, 1, 1)
	people, _ := o.people.dir.(approvalstest.Town)
	people.People["U4"] = approvals.Facts{Person: approvals.Person{ID: "U4", Name: "ben"}}
	d := newTestDesk(o.store, people)
	investigation := o.working("investigate", 1, 0)
	for name, tt := range map[string]struct {
		by         By
		id, digest string
		want       approvals.Reason
	}{
		"the requester, who is no approver": {pressed("U1", r.Place), r.ID, r.Digest(), approvals.NotYoursToStop},
		"somebody else":                     {pressed("U4", r.Place), r.ID, r.Digest(), approvals.NotYoursToStop},
		"another card":                      {pressed("U2", r.Place), r.ID, "0000", approvals.ShownDiffers},
		"another channel":                   {pressed("U2", approvals.Place{Team: "T1", Channel: "C9"}), r.ID, r.Digest(), approvals.OtherMessage},
		"no such request":                   {pressed("U2", r.Place), "D-000000", r.Digest(), approvals.NoSuchRequest},
		"an investigation":                  {pressed("U2", r.Place), investigation.ID, investigation.Digest(), approvals.NoWayToStop},
	} {
		if _, err := d.Stop(t.Context(), tt.by, tt.id, tt.digest); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	by := pressed("U3", r.Place)
	for range 2 { // the second is a redelivery
		if got, err := d.Stop(t.Context(), by, r.ID, r.Digest()); err != nil || got.Calls[0].Stop.State != approvals.StopAsked || got.Calls[0].Stop.By.ID != "U3" {
			t.Fatalf("%+v, %v", got.Calls[0].Stop, err)
		}
	}
	if _, err := d.Stop(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.StopUnderWay) {
		t.Errorf("a second approver: %v", err)
	}
	people.Down = true
	if _, err := newTestDesk(o.store, people).Stop(t.Context(), pressed("U2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("nobody knows who it is: %v", err)
	}
}

// TestStopOwnRequest: an approver may stop what they have asked for themselves.
func TestStopOwnRequest(t *testing.T) {
	o, _, r := collecting(t, 1, 1)
	d := newDeskFor(o.store, o.people.dir, approvals.List{Users: []string{"U1", "U2"}})
	if got, err := d.Stop(t.Context(), pressed("U1", r.Place), r.ID, r.Digest()); err != nil || got.Calls[0].Stop.By.ID != "U1" {
		t.Errorf("%+v, %v", got.Calls, err)
	}
}
