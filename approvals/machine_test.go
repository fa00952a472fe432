package approvals_test

import (
	"flag"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// requestEvents is one event of every kind that fits the sample.
func requestEvents() []approvals.Event {
	digest := approvalstest.Sample(approvals.Pending, "").Digest()
	return []approvals.Event{
		approvals.Ask{Request: approvals.Request{ID: "D-7K3F9Q", Action: "collect", By: approvalstest.Asker}},
		approvals.Resolve{Devices: []approvals.Device{{ID: approvalstest.HexID, Verified: true}}},
		approvals.Reject{Why: approvals.Why{Reason: approvals.DeviceNotFound}},
		approvals.Approve{By: approvalstest.Leader, Digest: digest},
		approvals.Deny{By: approvalstest.Leader, Digest: digest, Text: "wrong host"},
		approvals.Cancel{By: approvalstest.Asker},
		approvals.Expire{},
		approvals.Remind{},
		approvals.Show{TS: "1.2", Visible: 3},
		approvals.Lose{TS: "1.2"},
		approvals.Redraw{},
		approvals.Forget{},
		approvals.Escalate{},
		approvals.Name{Device: approvals.Device{ID: approvalstest.HexID, Name: "srv-1", Verified: true}},
		approvals.Retry{As: "D-000000", Devices: []string{approvalstest.HexID}},
		approvals.StopJobs{By: approvalstest.Leader, Digest: digest},
		approvals.Follow{How: approvals.AsUndo, Action: "unisolate", As: "D-000000"},
		approvals.Offer{Offered: namesakes(2)},
		approvals.Offered{At: approvalstest.Start},
		approvals.Pick{By: approvalstest.Asker, ID: namesakes(2)[1].ID},
		approvals.Package{By: approvalstest.Asker, Job: "j1"},
		approvals.Froze{Freeze: frost},
		approvals.Thawed{},
		approvals.Force{By: approvalstest.Asker, Devices: []approvals.Device{{ID: approvalstest.HexID, Verified: true}}},
		approvals.CloseReview{By: approvalstest.Leader, Digest: digest, Text: "it was right"},
	}
}

func callEvents() []approvals.CallEvent {
	return []approvals.CallEvent{
		approvals.Send{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j1"}},
		approvals.Requeue{Attempt: 1, Why: approvals.Why{Reason: approvals.Throttled}},
		approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.MissingRole}},
		approvals.Doubt{Attempt: 1, Why: approvals.Why{Reason: approvals.AnswerLost}},
		approvals.Adopt{Job: approvals.Job{ID: "j1", Adopted: true}, As: approvals.Running},
		approvals.Report{Job: approvals.Job{ID: "j1", Status: "Succeeded"}, As: approvals.Succeeded},
		approvals.Miss{},
		approvals.GiveUp{Why: approvals.Why{Reason: approvals.TookTooLong}},
		approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}},
		approvals.Wait{Why: approvals.Why{Reason: approvals.NotReached}, Hold: approvalstest.Start.Add(2 * time.Hour)},
		approvals.Expect{At: approvalstest.Start.Add(2 * time.Hour)},
		approvals.Stop{By: approvalstest.Asker},
		approvals.Suspect{Why: approvals.Why{Reason: approvals.RolledBack}},
		approvals.LoseSight{Why: approvals.Why{Reason: approvals.MissingRole}, Since: approvalstest.Start},
		approvals.RegainSight{},
		approvals.SendStop{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.HoldStop{},
		approvals.TakeStop{Attempt: 1, Job: approvals.Job{ID: "j1"}, As: approvals.Running},
		approvals.RefuseStop{Attempt: 1},
		approvals.LoseStop{},
	}
}

// wanted is every change of state there is. What is not in it is refused.
var wanted = map[string]approvals.State{
	" ask":             approvals.Checking,
	"checking resolve": approvals.Pending,
	"checking reject":  approvals.Rejected,
	"checking cancel":  approvals.Cancelled,
	"checking offer":   approvals.Checking,
	"pending approve":  approvals.Approved,
	"pending deny":     approvals.Denied,
	"pending cancel":   approvals.Cancelled,
	"pending expire":   approvals.Expired,
	"pending reject":   approvals.Rejected,
	"pending remind":   approvals.Pending,
	"pending escalate": approvals.Pending,
	"approved name":    approvals.Approved,
	"approved cancel":  approvals.Done, // its only call still waited
	"checking frozen":  approvals.Checking,
	"pending frozen":   approvals.Pending,
	"approved frozen":  approvals.Approved,
	"denied forget":    "",
	"cancelled forget": "",
	"expired forget":   "",
	"rejected forget":  "",
	"done forget":      "",
	"checking show":    approvals.Checking,
	"pending show":     approvals.Pending,
	"approved show":    approvals.Approved,
	"done show":        approvals.Done,
	"denied show":      approvals.Denied,
	"cancelled show":   approvals.Cancelled,
	"expired show":     approvals.Expired,
	"rejected show":    approvals.Rejected,
	"checking lose":    approvals.Checking,
	"pending lose":     approvals.Pending,
	"approved lose":    approvals.Approved,
	"done lose":        approvals.Done,
	"denied lose":      approvals.Denied,
	"cancelled lose":   approvals.Cancelled,
	"expired lose":     approvals.Expired,
	"rejected lose":    approvals.Rejected,
	"checking redraw":  approvals.Checking,
	"pending redraw":   approvals.Pending,
	"approved redraw":  approvals.Approved,
	"done redraw":      approvals.Done,
	"denied redraw":    approvals.Denied,
	"cancelled redraw": approvals.Cancelled,
	"expired redraw":   approvals.Expired,
	"rejected redraw":  approvals.Rejected,
}

var wantedCalls = map[string]approvals.CallState{
	"queued send":           approvals.Sending,
	"queued lapse":          approvals.Lapsed,
	"queued stop":           approvals.CallCancelled,
	"queued wait":           approvals.Queued,
	"queued expect":         approvals.Queued,
	"queued suspect":        approvals.Uncertain,
	"sending accept":        approvals.Running,
	"sending adopt":         approvals.Running,
	"sending requeue":       approvals.Queued,
	"sending fail":          approvals.Failed,
	"sending doubt":         approvals.Uncertain,
	"uncertain accept":      approvals.Running, // the owner came late
	"uncertain fail":        approvals.Failed,  // likewise
	"uncertain adopt":       approvals.Running,
	"uncertain miss":        approvals.Failed,
	"uncertain giveup":      approvals.Unknown,
	"running report":        approvals.Succeeded,
	"running losesight":     approvals.Running,
	"running regainsight":   approvals.Running,
	"uncertain losesight":   approvals.Uncertain,
	"uncertain regainsight": approvals.Uncertain,
	"running giveup":        approvals.Unknown,
}

// TestNextChoosing: while a device is to be chosen, nothing else is different.
func TestNextChoosing(t *testing.T) {
	for _, e := range requestEvents() {
		name := approvals.EventName(e)
		want, fits := wanted["checking "+name]
		switch name {
		case "offered", "pick":
			want, fits = approvals.Checking, true
		case "offer":
			fits = false
		}
		r := choosing()
		got, err := approvals.Next(r, e, after(e))
		switch {
		case fits && (err != nil || got.State != want || got.Version != r.Version+1):
			t.Errorf("%s while a device is to be chosen: got %q, %v, want %q", name, got.State, err, want)
		case !fits && (!approvalstest.WasRefused(err) || !cmp.Equal(got, r)):
			t.Errorf("%s while a device is to be chosen: got %q, %v, want a *Refusal", name, got.State, err)
		case got.State != approvals.Checking && len(got.Choice.Offered) > 0:
			t.Errorf("%s leaves the choice in a request that is %s", name, got.State)
		}
	}
}

func TestNextEveryEvent(t *testing.T) {
	for _, s := range append([]approvals.State{""}, approvals.States()...) {
		for _, e := range requestEvents() {
			name := string(s) + " " + approvals.EventName(e)
			want, fits := wanted[name]
			r := escalating(s, approvals.Queued)
			if s == approvals.Checking {
				r.Devices = []approvals.Device{{Name: "srv-1"}}
			}
			got, err := approvals.Next(r, e, after(e))
			switch {
			case fits && err != nil:
				t.Errorf("%s: refused: %v", name, err)
			case fits && got.State != want:
				t.Errorf("%s: got %q, want %q", name, got.State, want)
			case !fits && !approvalstest.WasRefused(err):
				t.Errorf("%s: got %q and %v, want a *Refusal", name, got.State, err)
			case !fits && !cmp.Equal(got, r):
				t.Errorf("%s: refused but changed:\n%s", name, cmp.Diff(r, got))
			case fits && got.Version != r.Version+1:
				t.Errorf("%s: version %d after %d", name, got.Version, r.Version)
			}
		}
	}
}

func TestNextCallEveryEvent(t *testing.T) {
	for _, s := range approvals.CallStates() {
		for _, e := range callEvents() {
			name := string(s) + " " + approvals.EventName(e)
			want, fits := wantedCalls[name]
			c := approvalstest.SampleCall(s)
			got, err := approvals.NextCall(c, e, approvalstest.Start.Add(time.Minute))
			switch {
			case fits && err != nil:
				t.Errorf("%s: refused: %v", name, err)
			case fits && got.State != want:
				t.Errorf("%s: got %q, want %q", name, got.State, want)
			case !fits && !approvalstest.WasRefused(err):
				t.Errorf("%s: got %q and %v, want a *Refusal", name, got.State, err)
			case !fits && !cmp.Equal(got, c):
				t.Errorf("%s: refused but changed:\n%s", name, cmp.Diff(c, got))
			}
		}
	}
}

// TestNextCallOtherAttempt: a call takes no event of another attempt.
func TestNextCallOtherAttempt(t *testing.T) {
	for _, e := range []approvals.CallEvent{approvals.Accept{Attempt: 2}, approvals.Requeue{Attempt: 2}, approvals.Fail{Attempt: 2}, approvals.Doubt{Attempt: 2}} {
		if got, err := approvals.NextCall(approvalstest.SampleCall(approvals.Sending), e, approvalstest.Start); !approvalstest.WasRefused(err) {
			t.Errorf("%s of attempt 2 while attempt 1 is out: got %q and %v, want a *Refusal", approvals.EventName(e), got.State, err)
		}
	}
}

// TestNextCallReport: a report may end a call in every way, and so may the answer to
// the POST: what had ended when Defender answered does not run.
func TestNextCallReport(t *testing.T) {
	for _, s := range []approvals.CallState{approvals.Running, approvals.Succeeded, approvals.Failed, approvals.CallCancelled, approvals.Unknown} {
		job := approvals.Job{ID: "j1"}
		report, adopt, accept := approvals.Report{Job: job, As: s}, approvals.Adopt{Job: job, As: s}, approvals.Accept{Attempt: 1, Job: job, As: s}
		for from, events := range map[approvals.CallState][]approvals.CallEvent{
			approvals.Running: {report}, approvals.Uncertain: {adopt, accept}, approvals.Sending: {adopt, accept},
		} {
			for _, e := range events {
				got, err := approvals.NextCall(approvalstest.SampleCall(from), e, approvalstest.Start.Add(time.Hour))
				if err != nil || got.State != s || got.Job != job || s.Ended() == got.EndedAt.IsZero() {
					t.Errorf("%s of %s as %s: got %q, %v, ended %v", approvals.EventName(e), from, s, got.State, err, got.EndedAt)
				}
			}
		}
	}
}

func TestNextRefusesDecisions(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	grid := r
	grid.By.Enterprise = "W1"
	two := r
	two.Terms.Needed = 2
	two.Approvals = []approvals.Approval{{By: approvalstest.Leader, At: approvalstest.Start}}
	soon := approvalstest.Start.Add(time.Minute)
	for _, tt := range []struct {
		name string
		r    approvals.Request
		e    approvals.Event
		at   time.Time
		want approvals.Reason
	}{
		{"the requester approves", r, approvals.Approve{By: approvalstest.Asker, Digest: r.Digest()}, soon, approvals.OwnRequest},
		{"the requester denies", r, approvals.Deny{By: approvalstest.Asker, Digest: r.Digest()}, soon, approvals.OwnRequest},
		{"the requester with another id of the same person", grid, approvals.Approve{By: approvals.Person{ID: "U9", Enterprise: "W1"}, Digest: r.Digest()}, soon, approvals.OwnRequest},
		{"twice by one person", two, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, soon, approvals.AlreadyApproved},
		{"at the deadline", r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, r.Deadline(), approvals.TooLate},
		{"denied after the deadline", r, approvals.Deny{By: approvalstest.Leader, Digest: r.Digest()}, r.Deadline().Add(time.Hour), approvals.TooLate},
		{"another card was shown", r, approvals.Approve{By: approvalstest.Leader, Digest: "0000"}, soon, approvals.ShownDiffers},
		{"after it was denied", approvalstest.Sample(approvals.Denied, ""), approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, soon, approvals.AlreadyDecided},
		{"cancel what was sent", approvalstest.Sample(approvals.Approved, approvals.Sending), approvals.Cancel{By: approvalstest.Asker}, soon, approvals.NothingToCancel},
	} {
		if _, err := approvals.Next(tt.r, tt.e, tt.at); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
}

// TestNextDistinctApprovers: it takes as many distinct approvers as the terms say.
func TestNextDistinctApprovers(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	r.Terms.Needed = 2
	one, err := approvals.Next(r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, approvalstest.Start.Add(time.Minute))
	if err != nil || one.State != approvals.Pending {
		t.Fatalf("first approval: got %q and %v, want pending", one.State, err)
	}
	both, err := approvals.Next(one, approvals.Approve{By: approvalstest.Second, Digest: r.Digest()}, approvalstest.Start.Add(2*time.Minute))
	if err != nil || both.State != approvals.Approved || len(both.Calls) != 1 {
		t.Fatalf("second approval: got %q, %d calls and %v, want approved with one call", both.State, len(both.Calls), err)
	}
}
