package office

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
)

// investigating is an office with a call of investigate that runs, or is uncertain.
func investigating(t *testing.T, s approvals.CallState, answer http.HandlerFunc) (*office, approvals.Request) {
	t.Helper()
	o := newOffice(t, answer, chatter{}, nil)
	a := approvalstest.Asked(approvalstest.DeviceNo(0))
	a.Action, a.Terms.QueuedFor, a.Terms.Horizon = "investigate", 24*time.Hour, 7*24*time.Hour
	r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	r = apply(t, o.store, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	if r, err = o.store.Apply(t.Context(), ledger.NewOp(), r, sending(o.store, 0)); err != nil {
		t.Fatal(err)
	}
	var e approvals.CallEvent = approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "7", Status: "Queued", Queued: true}}
	if s == approvals.Uncertain {
		e = approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}}
	}
	return o, apply(t, o.store, r, approvals.On{Call: 0, Event: e})
}

// TestFollowReadsEnded: where Defender shows investigations no more, a running call says
// so with the first poll, and an uncertain one ends in unknown when it was looked for
// long enough, for nothing says that it did not start.
func TestFollowReadsEnded(t *testing.T) {
	for name, tt := range map[string]struct {
		status       int
		body         string
		running      approvals.Reason // what is said after a poll; of one thing that is not shown yet, nothing
		uncertain    approvals.CallState
		why          approvals.Reason
		deviceHidden bool
	}{
		"404 of the URL":               {404, said("NotFound", noSuchURL), approvals.ReadsEnded, approvals.Unknown, approvals.ReadsEnded, false},
		"404":                          {404, said("NotFound", ""), "", approvals.Unknown, approvals.ReadsEnded, false},
		"405":                          {405, said("MethodNotAllowed", ""), approvals.ReadsEnded, approvals.Unknown, approvals.ReadsEnded, false},
		"410":                          {410, said("Gone", ""), approvals.ReadsEnded, approvals.Unknown, approvals.ReadsEnded, false},
		"501":                          {501, said("NotImplemented", ""), approvals.ReadsEnded, approvals.Unknown, approvals.ReadsEnded, false},
		"404 of a gateway":             {404, `{"statusCode":404,"message":"Resource not found"}`, approvals.ReadsEnded, approvals.Unknown, approvals.ReadsEnded, false},
		"404 of whatever stands there": {404, proxied, "", approvals.Uncertain, approvals.AnswerLost, true},
		"503":                          {503, "", "", approvals.Uncertain, approvals.AnswerLost, false},
		"an empty list":                {200, `{"value":[]}`, "", approvals.Failed, approvals.NotStarted, false},
	} {
		t.Run(name, func(t *testing.T) {
			answer := func(w http.ResponseWriter, r *http.Request) {
				if len(jobOf(r)) == len(approvalstest.HexID) && !tt.deviceHidden {
					fmt.Fprintf(w, `{"id":%q}`, jobOf(r))
					return
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			}
			o, r := investigating(t, approvals.Running, answer)
			o.pass(5 * time.Second)
			o.turns(50)
			if got := o.load(r.ID).Calls[0]; got.State != approvals.Running || got.Blind.Reason != tt.running {
				t.Errorf("running: %s, blind %q; want running, %q", got.State, got.Blind.Reason, tt.running)
			}
			o, r = investigating(t, approvals.Uncertain, answer)
			for range 20 {
				o.pass(approvals.SearchEvery)
				o.turns(50)
				if got := o.load(r.ID).Calls[0]; got.State != approvals.Uncertain && o.clock().Before(r.Calls[0].SearchedUntil()) {
					t.Fatalf("%s before it was looked for long enough", got.State)
				}
			}
			if got := o.load(r.ID).Calls[0]; got.State != tt.uncertain || got.Why.Reason != tt.why {
				t.Errorf("uncertain: %s, %+v; want %s, %s", got.State, got.Why, tt.uncertain, tt.why)
			}
		})
	}
}

// TestFollowNeverBegun: an investigation that Defender leaves in its queue is given up
// after a day, with the action's end for a reason; one that begins is followed on.
func TestFollowNeverBegun(t *testing.T) {
	for name, tt := range map[string]struct {
		begins bool
		want   approvals.CallState
	}{"it stays": {false, approvals.Unknown}, "it begins": {true, approvals.Running}} {
		t.Run(name, func(t *testing.T) {
			state := "Queued"
			o, r := investigating(t, approvals.Running, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"id":"7","state":%q}`, state) })
			o.pass(time.Hour)
			o.turns(50)
			if tt.begins {
				state = "Running"
			}
			for range 23 {
				o.pass(time.Hour)
				o.turns(50)
			}
			got := o.load(r.ID).Calls[0]
			if got.State != tt.want || got.State == approvals.Unknown && got.Why.Reason != approvals.Ended {
				t.Errorf("%s, %+v; want %s", got.State, got.Why, tt.want)
			}
		})
	}
}

// TestTermsEnded: what decides how long something may stay queued is in the record.
func TestTermsEnded(t *testing.T) {
	d := &Desk{terms: approvals.Terms{Retention: time.Hour}}
	for _, action := range defender.Actions() {
		want := time.Duration(0)
		if action.Ended != nil {
			want = action.Ended.QueuedFor
		}
		if got := d.termsOf(action).QueuedFor; got != want || (action.Name == "investigate") != (want == 24*time.Hour) {
			t.Errorf("%s: %s, want %s", action.Name, got, want)
		}
	}
}
