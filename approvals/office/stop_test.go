package office

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
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
