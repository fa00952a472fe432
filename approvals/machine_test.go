package approvals_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
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
		approvals.Retry{As: "D-000000"},
		approvals.StopJobs{By: approvalstest.Leader, Digest: digest},
		approvals.Follow{How: approvals.AsUndo, Action: "unisolate", As: "D-000000"},
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
	"pending approve":  approvals.Approved,
	"pending deny":     approvals.Denied,
	"pending cancel":   approvals.Cancelled,
	"pending expire":   approvals.Expired,
	"pending reject":   approvals.Rejected,
	"pending remind":   approvals.Pending,
	"approved cancel":  approvals.Done, // its only call still waited
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

func TestNextEveryEvent(t *testing.T) {
	for _, s := range append([]approvals.State{""}, approvals.States()...) {
		for _, e := range requestEvents() {
			name := string(s) + " " + approvals.EventName(e)
			want, fits := wanted[name]
			r := approvalstest.Sample(s, approvals.Queued)
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

// TestStateMachineDocument keeps the diagrams of docs/state-machine.md in step
// with the machines: they are drawn by trying every event in every state.
func TestStateMachineDocument(t *testing.T) {
	const path = "../docs/state-machine.md"
	got := "# State machines\n\nGenerated from the code by `make golden`; a test compares.\n\n" +
		"## A request\n\n" + diagram(requestEdges()) + "\n## A call\n\n" + diagram(callEdges()) +
		"\n## The stop of a call that runs\n\nIts job has stopped when Defender says so: that is the state of the call.\n\n" + diagram(stopEdges()) +
		"\n## Timers\n\nEvery state has one, so nothing can be stuck.\n\n" + timerTable()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s is not what the code does (run: make golden):\n%s", path, diff)
	}
}

func diagram(edges []string) string {
	slices.Sort(edges)
	return "```mermaid\nstateDiagram-v2\n" + strings.Join(slices.Compact(edges), "") + "```\n"
}

func requestEdges() (edges []string) {
	for _, s := range append([]approvals.State{""}, approvals.States()...) {
		for _, cs := range []approvals.CallState{approvals.Queued, approvals.Running} {
			for _, e := range append(requestEvents(), approvals.On{Event: approvals.Report{Job: approvals.Job{ID: "j1"}, As: approvals.Succeeded}}) {
				got, err := approvals.Next(approvalstest.Sample(s, cs), e, after(e))
				if err == nil && got.State != s {
					edges = append(edges, edge(string(s), string(got.State), approvals.EventName(e)))
				}
			}
		}
	}
	return edges
}

func callEdges() (edges []string) {
	for _, s := range approvals.CallStates() {
		for _, e := range append(callEvents(), approvals.Report{Job: approvals.Job{ID: "j1"}, As: approvals.Failed}, approvals.Report{Job: approvals.Job{ID: "j1"}, As: approvals.CallCancelled},
			approvals.Adopt{As: approvals.Succeeded}, approvals.Adopt{As: approvals.Failed}, approvals.Adopt{As: approvals.CallCancelled},
			approvals.Accept{Attempt: 1, As: approvals.Succeeded}, approvals.Accept{Attempt: 1, As: approvals.Failed}, approvals.Accept{Attempt: 1, As: approvals.CallCancelled}) {
			got, err := approvals.NextCall(approvalstest.SampleCall(s), e, approvalstest.Start)
			if err == nil && got.State != s {
				edges = append(edges, edge(string(s), string(got.State), approvals.EventName(e)))
			}
		}
	}
	for _, as := range []approvals.CallState{approvals.Succeeded, approvals.Failed, approvals.CallCancelled} {
		e := approvals.TakeStop{Attempt: 1, Job: approvals.Job{ID: "j1"}, As: as}
		if got, err := approvals.NextCall(stopIn(approvals.StopSending), e, approvalstest.Start); err == nil {
			edges = append(edges, edge(string(approvals.Running), string(got.State), approvals.EventName(e)))
		}
	}
	return append(edges, edge("", string(approvals.Queued), "approve"))
}

func edge(from, to, label string) string {
	if from == "" {
		from = "[*]"
	}
	if to == "" {
		to = "[*]"
	}
	return fmt.Sprintf("    %s --> %s: %s\n", from, to, label)
}

func timerTable() string {
	var b strings.Builder
	b.WriteString("| state | event | after | counted from |\n|---|---|---|---|\n")
	row := func(name string, r approvals.Request, from time.Time, since string) {
		for _, tm := range approvals.Timers(r) {
			after := tm.At.Sub(from).String()
			if tm.At.Sub(from) == r.Terms.Horizon {
				after = "the action's horizon"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, approvals.EventName(tm.Event), after, since)
		}
	}
	for _, s := range approvals.States() {
		if s == approvals.Approved {
			continue
		}
		r := approvalstest.Sample(s, approvals.Succeeded)
		from, since := r.Asked, "the command"
		if s == approvals.Pending {
			from, since = r.Opened, "its submission for approval"
		} else if s.Ended() {
			from, since = r.EndedAt, "its end"
		}
		row(string(s), r, from, since)
	}
	for _, cs := range approvals.CallStates() {
		r := approvalstest.Sample(approvals.Approved, cs)
		from, since := r.ApprovedAt(), "the last approval"
		switch cs {
		case approvals.Sending, approvals.Uncertain:
			from, since = r.Calls[0].NotAfter, "the latest moment at which it may be sent"
		case approvals.Running:
			from, since = r.Calls[0].Started, "Defender's answer"
		case approvals.Queued, approvals.Succeeded, approvals.Failed, approvals.CallCancelled, approvals.Lapsed, approvals.Unknown:
		}
		row("call "+string(cs), r, from, since)
		if cs == approvals.Running {
			r.Terms.QueuedFor, r.Calls[0].Job.Queued = 24*time.Hour, true
			row("call running, not begun, of an action that Microsoft has ended", r, from, since)
		}
	}
	r := approvalstest.Sample(approvals.Approved, approvals.Running)
	r.Calls[0] = stopIn(approvals.StopSending)
	for _, tm := range approvals.Timers(r)[1:] {
		fmt.Fprintf(&b, "| stop sending | %s | %s | the latest moment at which it may be sent |\n", approvals.EventName(tm.Event), tm.At.Sub(r.Calls[0].Stop.NotAfter))
	}
	b.WriteString("\nWith the defaults of APPROVAL_TTL, EXECUTION_TTL and RETENTION. The horizon is a column of the catalogue.\n")
	return b.String()
}
