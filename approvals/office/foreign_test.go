package office

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// TestWorkerUnknownAction: a request of an action that this version does not
// know is logged once, its card says why it waits, and it stays for a version
// that knows the action.
func TestWorkerUnknownAction(t *testing.T) {
	for name, tt := range map[string]struct {
		request func(*office) approvals.Request
		later   time.Duration
		want    approvals.State
		says    func(approvals.Request) approvals.Reason
	}{
		"checking": {func(o *office) approvals.Request {
			r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}, time.Minute, approvals.Checking, nil},
		"checked by nobody": {func(o *office) approvals.Request {
			r, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(1)), 0)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}, 2 * time.Minute, approvals.Rejected, func(r approvals.Request) approvals.Reason { return r.Ended.Why.Reason }},
		"queued": {
			func(o *office) approvals.Request { return o.working("collect", 2, 0) }, time.Minute, approvals.Approved,
			func(r approvals.Request) approvals.Reason { return r.Calls[1].Why.Reason },
		},
		"lapsing": {
			func(o *office) approvals.Request { return o.working("collect", 1, 0) }, 2 * time.Hour, approvals.Approved,
			nil, // its place in the queue is known to others alone
		},
		"running": {func(o *office) approvals.Request { return o.working("collect", 1, 1) }, time.Minute, approvals.Approved, nil},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil, chatter{}, nil)
			var log strings.Builder
			o.log = slog.New(slog.NewTextHandler(&log, nil))
			r := tt.request(o)
			o.knows(nil)
			for range 4 {
				o.pass(tt.later / 4)
				o.turns(20)
			}
			got := o.load(r.ID)
			if got.State != tt.want {
				t.Errorf("it is %s, want %s", got.State, tt.want)
			}
			if tt.says != nil && tt.says(got) != approvals.UnknownAction {
				t.Errorf("it says %q, want %q", tt.says(got), approvals.UnknownAction)
			}
			if n := strings.Count(log.String(), "unknown_action"); n != 1 {
				t.Errorf("said %d times, want once: %s", n, log.String())
			}
			if at, err := o.redis.ZScore(o.key("due"), r.ID); err != nil || at == 0 {
				t.Errorf("it left the agenda: %v", err)
			}
		})
	}
}

// TestWorkerUnknownActionKnownAgain has a version take up what one that does not
// know the action has left.
func TestWorkerUnknownActionKnownAgain(t *testing.T) {
	o := newOffice(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintln(w, `{"id":"j1","status":"Pending","type":"CollectInvestigationPackage"}`)
	}, chatter{}, nil)
	r := o.working("collect", 1, 0)
	o.knows(nil)
	o.turns(20)
	if c := o.load(r.ID).Calls[0]; c.State != approvals.Queued || c.Why.Reason != approvals.UnknownAction {
		t.Fatalf("the call is %s because %s", c.State, c.Why.Reason)
	}
	o.knows(roomyActions())
	o.pass(othersTurn)
	o.turns(20)
	if c := o.load(r.ID).Calls[0]; c.Attempt != 1 {
		t.Errorf("the call is %s after %d attempts, want one", c.State, c.Attempt)
	}
}
