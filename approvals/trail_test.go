package approvals_test

import (
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestDescribeTyped: what a person wrote is in the audit trail, and in no part of a
// line that goes into a log.
func TestDescribeTyped(t *testing.T) {
	asked := approvalstest.Sample(approvals.Pending, "")
	asked.Comment = "they said PRIVATE things"
	for _, tt := range []struct {
		event approvals.Event
		whole string
	}{
		{approvals.Ask{Request: asked}, "collect in C1: they said PRIVATE things"},
		{approvals.Deny{By: approvalstest.Leader, Digest: asked.Digest(), Text: "PRIVATE"}, "PRIVATE"},
	} {
		line, kept := approvals.Describe(asked, asked, tt.event)
		if !kept || line.Whole() != tt.whole || !strings.Contains(line.Typed, "PRIVATE") || strings.Contains(line.Detail, "PRIVATE") {
			t.Errorf("%s: kept %v, %+v; want %q in the trail", approvals.EventName(tt.event), kept, line, tt.whole)
		}
	}
}

// TestDescribeCall: what happened to a call names it and its device.
func TestDescribeCall(t *testing.T) {
	before := approvalstest.Sample(approvals.Approved, approvals.Queued)
	after, err := approvals.Next(before, approvals.On{Event: approvals.Send{NotAfter: approvalstest.Start}}, approvalstest.Start)
	if err != nil {
		t.Fatal(err)
	}
	line, _ := approvals.Describe(before, after, approvals.On{Event: approvals.Send{}})
	if line.Call == nil || *line.Call != 0 || line.Device != approvalstest.HexID || line.To != string(approvals.Sending) {
		t.Errorf("%+v", line)
	}
	if line, _ := approvals.Describe(before, after, approvals.Cancel{}); line.Call != nil || line.Device != "" {
		t.Errorf("what is about no call: %+v", line)
	}
}

// TestDescribeIDs: what happened to a call has Defender's ids: of the job that it has, and
// once of the refusal that it tells of.
func TestDescribeIDs(t *testing.T) {
	refused := approvals.Why{Reason: approvals.MissingRole, Target: "t1"}
	behind := approvals.Why{Reason: approvals.DeviceUnread, Cause: &approvals.Why{Target: "t2"}}
	running := approvals.Job{ID: "j1", Status: "InProgress"}
	sent := approvalstest.Sample(approvals.Approved, approvals.Sending)
	runs := approvalstest.Sample(approvals.Approved, approvals.Running)
	stopping := approvalstest.Sample(approvals.Approved, approvals.Running)
	stopping.Calls[0].Stop = approvals.Stopping{State: approvals.StopRefused, Why: refused, Attempt: 1}
	for name, tt := range map[string]struct {
		from        approvals.Request
		event       approvals.Event
		job, target string
	}{
		"accepted":          {sent, approvals.On{Event: approvals.Accept{Attempt: 1, Job: running}}, "j1", ""},
		"refused":           {sent, approvals.On{Event: approvals.Fail{Attempt: 1, Why: refused}}, "", "t1"},
		"not to be seen":    {runs, approvals.On{Event: approvals.LoseSight{Why: refused}}, "j1", "t1"},
		"seen, not stopped": {stopping, approvals.On{Event: approvals.Report{Job: running, As: approvals.Running}}, "j1", ""},
		"not looked up":     {approvalstest.Sample(approvals.Checking, ""), approvals.Reject{Why: behind}, "", "t2"},
		"fetched":           {approvalstest.Sample(approvals.Done, approvals.Succeeded), approvals.Package{By: approvalstest.Leader, Job: "j1"}, "j1", ""},
	} {
		after, err := approvals.Next(tt.from, tt.event, approvalstest.Start)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if line, _ := approvals.Describe(tt.from, after, tt.event); line.Job != tt.job || line.Target != tt.target {
			t.Errorf("%s: job %q and target %q, want %q and %q", name, line.Job, line.Target, tt.job, tt.target)
		}
	}
}

// TestDescribeWho: what is asked for from a card names who did that, also where an
// approver tries again what somebody else had asked for, and on which devices.
func TestDescribeWho(t *testing.T) {
	old := approvalstest.Sample(approvals.Done, approvals.Failed)
	own := approvalstest.Sample(approvals.Pending, "")
	own.RetryOf, own.Approvals = old.ID, []approvals.Approval{{By: approvalstest.Second, At: own.Opened.Add(time.Second)}}
	others := own
	others.Approvals = []approvals.Approval{{By: approvalstest.Leader, At: own.Asked}}
	for _, tt := range []struct {
		made approvals.Request
		want approvals.Person
	}{{own, approvalstest.Asker}, {others, approvalstest.Leader}} {
		line, kept := approvals.Describe(old, old, approvals.Retry{As: "D-000001", Devices: []string{"d1", "d2"}, By: tt.made.AskedBy()})
		if !kept || line.By != tt.want || line.Detail != "D-000001: d1,d2" {
			t.Errorf("kept %v, %+v; want it by %s", kept, line, tt.want.Name)
		}
	}
	if line, _ := approvals.Describe(old, old, approvals.Follow{How: approvals.AsUndo, Action: "unisolate", As: "D-000001", By: approvalstest.Second}); line.By != approvalstest.Second {
		t.Errorf("what follows is by %+v", line.By)
	}
	if line, _ := approvals.Describe(old, old, approvals.Ask{Request: own, Anyway: true}); line.Detail != "collect in C1, anyway" {
		t.Errorf("asked for anyway: %q", line.Detail)
	}
}
