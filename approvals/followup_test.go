package approvals_test

import (
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// refusedAsEnded is why a call failed whose action Microsoft has ended.
var refusedAsEnded = approvals.Why{Reason: approvals.Ended, Detail: "not offered"}

// mixed is a request with a call in each state, and three that failed or are
// unknown because the action has ended, or the reads with it; call i is about device i.
func mixed() approvals.Request {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	r.Calls, r.Devices = nil, nil
	for _, s := range approvals.CallStates() {
		r.Calls = append(r.Calls, approvalstest.SampleCall(s))
	}
	for _, s := range []approvals.CallState{approvals.Failed, approvals.Unknown} {
		c := approvalstest.SampleCall(s)
		c.Why = refusedAsEnded
		r.Calls = append(r.Calls, c)
	}
	unseen := approvalstest.SampleCall(approvals.Unknown)
	unseen.Why = approvals.Why{Reason: approvals.ReadsEnded}
	r.Calls = append(r.Calls, unseen)
	for i := range r.Calls {
		r.Devices = append(r.Devices, approvalstest.DeviceNo(i))
	}
	return r
}

// on are the devices of calls for which is holds.
func on(r approvals.Request, is func(approvals.Call) bool) (ids []string) {
	for i, c := range r.Calls {
		if is(c) {
			ids = append(ids, r.Devices[i].ID)
		}
	}
	return ids
}

func idsOf(devices []approvals.Device) (ids []string) {
	for _, d := range devices {
		ids = append(ids, d.ID)
	}
	return ids
}

// TestFollows: what is asked for from a card is about those devices only that it can
// help, whatever becomes of the others.
func TestFollows(t *testing.T) {
	r := mixed()
	ended := func(c approvals.Call) bool { return c.Why.Reason == approvals.Ended }
	concerned := func(c approvals.Call) bool { return ended(c) || c.Why.Reason == approvals.ReadsEnded }
	if got, want := idsOf(r.Follows(approvals.AsSuccessor)), on(r, concerned); !slices.Equal(got, want) || len(want) != 3 {
		t.Errorf("successor: got %q, want %q", got, want)
	}
	done := func(c approvals.Call) bool { return c.State == approvals.Succeeded }
	if got, want := idsOf(r.Follows(approvals.AsUndo)), on(r, done); !slices.Equal(got, want) || len(want) != 1 {
		t.Errorf("undo: got %q, want %q", got, want)
	}
	if got := r.Follows("else"); got != nil {
		t.Errorf("another way: got %q", idsOf(got))
	}
	r.State = approvals.Done
	failed := func(c approvals.Call) bool {
		return !ended(c) && (c.State == approvals.Failed || c.State == approvals.Lapsed || c.State == approvals.Unknown)
	}
	if got, want := idsOf(r.Unfinished()), on(r, failed); !slices.Equal(got, want) || len(want) != 4 {
		t.Errorf("try again: got %q, want %q", got, want)
	}
}

// TestFollow: the old record says what was asked for from its card, the newest of each
// way once and in its place, and only where something follows.
func TestFollow(t *testing.T) {
	r := mixed()
	now := approvalstest.Start.Add(time.Hour)
	var err error
	for _, e := range []approvals.Follow{
		{How: approvals.AsSuccessor, Action: "scan", As: "D-000001"},
		{How: approvals.AsUndo, Action: "unisolate", As: "D-000002"},
		{How: approvals.AsSuccessor, Action: "scan", As: "D-000003"},
	} {
		if r, err = approvals.Next(r, e, now); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
	}
	want := []approvals.Followed{{approvals.AsSuccessor, "scan", "D-000003"}, {approvals.AsUndo, "unisolate", "D-000002"}}
	if !slices.Equal(r.Followed, want) || r.Visible != mixed().Visible+3 {
		t.Errorf("got %+v, visible %d; want %+v, each shown", r.Followed, r.Visible, want)
	}
	for name, tt := range map[string]struct {
		r approvals.Request
		e approvals.Follow
	}{
		"told already":      {r, approvals.Follow{How: approvals.AsSuccessor, Action: "scan", As: "D-000003"}},
		"no id":             {r, approvals.Follow{How: approvals.AsUndo, Action: "unisolate"}},
		"nothing to undo":   {approvalstest.Sample(approvals.Done, approvals.Failed), approvals.Follow{How: approvals.AsUndo, Action: "unisolate", As: "D-1"}},
		"nothing has ended": {approvalstest.Sample(approvals.Done, approvals.Failed), approvals.Follow{How: approvals.AsSuccessor, Action: "scan", As: "D-1"}},
		"no calls":          {approvalstest.Sample(approvals.Pending, ""), approvals.Follow{How: approvals.AsUndo, Action: "unisolate", As: "D-1"}},
	} {
		if got, err := approvals.Next(tt.r, tt.e, now); !approvals.IsRefusal(err, approvals.DoesNotFit) || len(got.Followed) != len(tt.r.Followed) {
			t.Errorf("%s: got %+v and %v", name, got.Followed, err)
		}
	}
}

// TestQueuedFor: what Microsoft has ended and never begins is given up by the terms of
// its record; once it has begun, while Defender cannot be asked whether it has, and in
// records without them, the horizon counts.
func TestQueuedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		queued bool
		blind  approvals.Reason
		terms  time.Duration
		want   time.Duration
		why    approvals.Reason
	}{
		"it waits":             {true, "", 24 * time.Hour, 24 * time.Hour, approvals.Ended},
		"it waits, unseen":     {true, approvals.ReadsEnded, 24 * time.Hour, 24 * time.Hour, approvals.ReadsEnded},
		"perhaps, in trouble":  {true, approvals.ServiceTrouble, 24 * time.Hour, 73 * time.Hour, approvals.TookTooLong},
		"it has begun":         {false, "", 24 * time.Hour, 73 * time.Hour, approvals.TookTooLong},
		"it has begun, unseen": {false, approvals.ReadsEnded, 24 * time.Hour, 73 * time.Hour, approvals.TookTooLong},
		"an old record":        {true, "", 0, 73 * time.Hour, approvals.TookTooLong},
	} {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Terms.QueuedFor, r.Calls[0].Job.Queued = tt.terms, tt.queued
		r.Calls[0].Blind.Reason = tt.blind
		at := r.Calls[0].Started.Add(tt.want)
		if e, ripe := approvals.Ripe(r, at.Add(-time.Second)); ripe {
			t.Errorf("%s: %v before its time", name, e)
		}
		e, _ := approvals.Ripe(r, at)
		got, err := approvals.Next(r, e, at)
		if err != nil || got.Calls[0].State != approvals.Unknown || got.Calls[0].Why.Reason != tt.why || got.State != approvals.Done {
			t.Errorf("%s: %+v, %v; want unknown, %s", name, got.Calls[0], err, tt.why)
		}
	}
}

// TestAskedFirstFollowUp: who asked for what this replaces does not decide on it, and
// hears of which request that is so.
func TestAskedFirstFollowUp(t *testing.T) {
	r := approvalstest.Sample(approvals.Pending, "")
	r.By, r.Barred, r.From = approvalstest.Leader, []approvals.Person{approvalstest.Asker}, approvals.Origin{Request: "D-000001", How: approvals.AsSuccessor}
	err := r.MayNotDecide(approvalstest.Asker)
	refused, _ := approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.AskedFirst) || refused.Why.Detail != "D-000001" {
		t.Errorf("got %v", err)
	}
}
