package approvals_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestRetryEachDeviceOnce: what did not work can be tried again while others go on, each
// device once, and a version that tries again whole requests does not do it once more.
func TestRetryEachDeviceOnce(t *testing.T) {
	r := several(approvals.Failed, approvals.Running, approvals.Lapsed, approvals.Succeeded)
	at := approvalstest.Start.Add(2 * time.Hour)
	ids := func(places ...int) (list []string) {
		for _, i := range places {
			list = append(list, approvalstest.DeviceNo(i).ID)
		}
		return list
	}
	want := func(what string, r approvals.Request, places ...int) {
		t.Helper()
		if got := idsOf(r.Retryable()); !slices.Equal(got, ids(places...)) {
			t.Errorf("%s: retryable are %q, want %q", what, got, ids(places...))
		}
	}
	next := func(r approvals.Request, e approvals.Event) approvals.Request {
		t.Helper()
		got, err := approvals.Next(r, e, at)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want("while one runs", r, 0, 2)
	first := next(r, approvals.Retry{As: "D-000001", Devices: ids(0, 1, 3)})
	want("one is tried again", first, 2)
	if first.RetriedAs != "D-000001" || first.Calls[1].RetriedAs != "" || first.Calls[3].RetriedAs != "" {
		t.Errorf("got %q and %+v", first.RetriedAs, first.Calls)
	}
	done := next(first, approvals.On{Call: 1, Event: approvals.Report{Job: approvals.Job{ID: "j2"}, As: approvals.Failed}})
	want("and the last fails", done, 1, 2)
	both := next(done, approvals.Retry{As: "D-000002", Devices: ids(1, 2)})
	want("all are tried again", both)
	if got := both.Retries(); !slices.Equal(got, []string{"D-000001", "D-000002"}) || both.RetriedAs != "D-000002" || len(both.Unfinished()) != 3 {
		t.Errorf("retried as %q, the newest %q, unfinished %q", got, both.RetriedAs, idsOf(both.Unfinished()))
	}
	for name, e := range map[string]approvals.Retry{
		"again":         {As: "D-000003", Devices: ids(0)},
		"what succeeds": {As: "D-000003", Devices: ids(3)},
		"nothing":       {As: "D-000003"},
		"no request":    {Devices: ids(2)},
	} {
		if _, err := approvals.Next(first, e, at); !approvals.IsRefusal(err, approvals.DoesNotFit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	older := done
	older.Calls = slices.Clone(done.Calls)
	older.Calls[0].RetriedAs, older.RetriedAs = "", "D-000009"
	want("a version that notes no calls has tried all", older)
}

// TestRetryInVain: what Defender does not do on a device's system is not tried again there; it
// has failed all the same.
func TestRetryInVain(t *testing.T) {
	r := several(approvals.Failed, approvals.Failed, approvals.Running)
	r.Calls[0].Why = approvals.Why{Reason: approvals.UnsupportedOS}
	if got, want := idsOf(r.Retryable()), []string{approvalstest.DeviceNo(1).ID}; !slices.Equal(got, want) {
		t.Errorf("retryable are %q, want %q", got, want)
	}
	in := approvals.Retry{As: "D-000001", Devices: []string{r.Devices[0].ID}}
	if _, err := approvals.Next(r, in, approvalstest.Start); !approvals.IsRefusal(err, approvals.DoesNotFit) {
		t.Errorf("tried again: %v, want that it does not fit", err)
	}
	r.Calls[1].State = approvals.Succeeded
	r, err := approvals.Next(r, approvals.On{Call: 2, Event: approvals.Report{Job: r.Calls[2].Job, As: approvals.Succeeded}}, approvalstest.Start)
	if err != nil || r.Outcome() != approvals.Partly || len(r.Unfinished()) != 0 {
		t.Errorf("it ended as %s with %d to try again, %v", r.Outcome(), len(r.Unfinished()), err)
	}
}

// TestRetryFrom: how long an approver's click counts as an approval is counted from the end,
// or while others go on from the last failure.
func TestRetryFrom(t *testing.T) {
	r := several(approvals.Failed, approvals.Failed, approvals.Running)
	r.Calls[0].EndedAt, r.Calls[1].EndedAt = approvalstest.Start.Add(5*time.Minute), approvalstest.Start.Add(7*time.Minute)
	if got, want := r.RetryFrom(), r.Calls[1].EndedAt; !got.Equal(want) {
		t.Errorf("while one runs: %s, want %s", got, want)
	}
	r.Calls[1].RetriedAs = "D-000001"
	if got, want := r.RetryFrom(), r.Calls[0].EndedAt; !got.Equal(want) {
		t.Errorf("after one was tried again: %s, want %s", got, want)
	}
	done, err := approvals.Next(r, approvals.On{Call: 2, Event: approvals.GiveUp{}}, approvalstest.Start.Add(70*time.Hour))
	if err != nil || !done.RetryFrom().Equal(done.EndedAt) {
		t.Errorf("done: %s, want %s (%v)", done.RetryFrom(), done.EndedAt, err)
	}
}

// TestClaimsOfARetry: a retry holds each of its devices alone, once it was put to
// approvers for ever, and the request that it retries beside others.
func TestClaimsOfARetry(t *testing.T) {
	for _, tt := range []struct {
		state  approvals.State
		opened bool
		want   []string
	}{
		{approvals.Checking, false, []string{"retry/D-000000/", "again/D-000000/" + approvalstest.HexID + "/ alone"}},
		{approvals.Done, true, []string{"retry/D-000000/", "again/D-000000/" + approvalstest.HexID + "/ alone"}},
		{approvals.Expired, true, []string{"retry/D-000000/", "again/D-000000/" + approvalstest.HexID + "/ alone"}},
		{approvals.Rejected, false, nil},
	} {
		r := approvalstest.Sample(tt.state, approvals.Failed)
		r.RetryOf = "D-000000"
		if !tt.opened {
			r.Opened = time.Time{}
		}
		var got []string
		for _, c := range approvals.Claims(r) {
			if strings.Contains(c.Prefix, r.RetryOf) {
				got = append(got, c.Prefix+map[bool]string{true: " alone"}[c.Alone])
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.state, got, tt.want)
		}
	}
}
