package approvals_test

import (
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestTimersQueuedCall: a waiting call is looked at every five minutes.
func TestTimersQueuedCall(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	if got := approvals.Due(r, approvals.Clock, approvalstest.Start.Add(2*time.Minute)).Sub(approvalstest.Start); got != 7*time.Minute {
		t.Errorf("due after %s, want 7m", got)
	}
	r.Calls[0].Hold = approvalstest.Start.Add(4 * time.Minute)
	if got := approvals.Due(r, approvals.Clock, approvalstest.Start.Add(2*time.Minute)).Sub(approvalstest.Start); got != 4*time.Minute {
		t.Errorf("a held call: due after %s, want 4m", got)
	}
}

// TestTimersComplete: every state that has not ended has a timer.
func TestTimersComplete(t *testing.T) {
	for _, s := range approvals.States() {
		for _, cs := range approvals.CallStates() {
			r := approvalstest.Sample(s, cs)
			open := s == approvals.Approved && cs.Ended()
			if got := len(approvals.Timers(r)) > 0; got == open {
				t.Errorf("%s with a %s call: has a timer: %v", s, cs, got)
			}
			if s == approvals.Approved && !cs.Ended() || s != approvals.Approved {
				if approvals.Due(r, approvals.Clock, approvalstest.Start).IsZero() {
					t.Errorf("%s with a %s call is never due", s, cs)
				}
			}
		}
	}
}

func TestTimersLeadOn(t *testing.T) {
	far := approvalstest.Start.Add(10000 * time.Hour)
	for _, s := range approvals.States() {
		for _, cs := range approvals.CallStates() {
			if s == approvals.Approved && cs.Ended() {
				continue // such a request is Done
			}
			r := escalating(s, cs)
			for range 10 {
				e, ok := approvals.Ripe(r, far)
				if !ok {
					break
				}
				var err error
				if r, err = approvals.Next(r, e, far); err != nil {
					t.Fatalf("%s with a %s call: timer %s is refused: %v", s, cs, approvals.EventName(e), err)
				}
				far = far.Add(10000 * time.Hour)
			}
			if r.State != "" {
				t.Errorf("%s with a %s call: the clock alone leaves it %s", s, cs, r.State)
			}
		}
	}
}
