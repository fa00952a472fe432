package approvals_test

import (
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

// TestStateMachineDocument keeps the diagrams of docs/state-machine.md in step
// with the machines: they are drawn by trying every event in every state.
func TestStateMachineDocument(t *testing.T) {
	const path = "../docs/state-machine.md"
	got := "# State machines\n\nGenerated from the code by `make golden`; a test compares.\n\n" +
		"## A request\n\n" + diagram(requestEdges()) + "\n## A call\n\n" + diagram(callEdges()) +
		"\n## The stop of a call that runs\n\nIts job has stopped when Defender says so: that is the state of the call.\n\n" + diagram(stopEdges()) +
		"\n## Timers\n\nEvery state has one, so nothing can be stuck.\n\n" + timerTable()
	documented(t, path, got)
}

// documented compares a document with what the code makes of it.
func documented(t *testing.T, path, got string) {
	t.Helper()
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
	if got, err := approvals.Next(forced(approvals.Checking, ""), approvals.Force{By: approvalstest.Asker, Devices: []approvals.Device{{ID: approvalstest.HexID}}}, approvalstest.Start); err == nil {
		edges = append(edges, edge(string(approvals.Checking), string(got.State), "force"))
	}
	for _, s := range append([]approvals.State{""}, approvals.States()...) {
		for _, cs := range []approvals.CallState{approvals.Queued, approvals.Running} {
			for _, e := range append(requestEvents(), approvals.On{Event: approvals.Report{Job: approvals.Job{ID: "j1"}, As: approvals.Succeeded}}) {
				got, err := approvals.Next(escalating(s, cs), e, after(e))
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
		r := escalating(s, approvals.Succeeded)
		from, since := r.Asked, "the command"
		if s == approvals.Pending {
			from, since = r.Opened, "its submission for approval"
		} else if s.Ended() {
			from, since = r.EndedAt, "its end"
		}
		row(string(s), r, from, since)
		if s == approvals.Checking {
			row("checking, with a device to choose", choosing(), approvalstest.Start, "the moment at which the choice was opened")
			picked := r
			picked.Resumed = r.Asked.Add(time.Minute)
			row("checking, with a device chosen", picked, picked.Resumed, "the choice")
		}
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
	row("done alone, under review", forced(approvals.Done, approvals.Succeeded), approvalstest.Start.Add(time.Second), "the act, and each reminder")
	b.WriteString("\nWith the defaults of APPROVAL_TTL, EXECUTION_TTL and RETENTION, and with ESCALATE_TO, without which nothing is escalated. The horizon is a column of the catalogue.\n")
	return b.String()
}
