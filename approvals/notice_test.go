package approvals_test

import (
	"slices"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// several is an approved request with a call in each of some states.
func several(states ...approvals.CallState) approvals.Request {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	r.Calls, r.Devices, r.Notices = nil, nil, nil
	for i, s := range states {
		c := approvalstest.SampleCall(s)
		c.Job.ID = "j" + string(rune('1'+i))
		r.Calls, r.Devices = append(r.Calls, c), append(r.Devices, approvalstest.DeviceNo(i))
	}
	return r
}

func kinds(r approvals.Request) (list []approvals.NoticeKind) {
	for _, n := range r.Notices {
		list = append(list, n.Kind)
	}
	return list
}

// TestRemark: what the requester hears while calls go on, of each kind once: the first
// failure, unless the end or that only slow ones are left says the same; and the latter.
func TestRemark(t *testing.T) {
	const queued, running, ok, failed = approvals.Queued, approvals.Running, approvals.Succeeded, approvals.Failed
	report := func(call int, as approvals.CallState, slow bool) approvals.Event {
		return approvals.On{Call: call, Event: approvals.Report{Job: approvals.Job{ID: "j" + string(rune('1'+call)), Slow: slow}, As: as}}
	}
	lapse := func(call int) approvals.Event { return approvals.On{Call: call, Event: approvals.Lapse{}} }
	giveUp := approvals.On{Call: 0, Event: approvals.GiveUp{}}
	cancel := approvals.Cancel{By: approvalstest.Asker}
	const failure, slow, end = approvals.NoticeFailure, approvals.NoticeSlow, approvals.NoticeEnd
	for _, tt := range []struct {
		name   string
		states []approvals.CallState
		events []approvals.Event
		want   []approvals.NoticeKind
	}{
		{"one device", []approvals.CallState{running}, []approvals.Event{report(0, running, true), report(0, failed, true)}, []approvals.NoticeKind{end}},
		{"the first of two fails", []approvals.CallState{running, running}, []approvals.Event{report(0, failed, false)}, []approvals.NoticeKind{failure}},
		{"nobody knows of the first", []approvals.CallState{running, running}, []approvals.Event{giveUp}, []approvals.NoticeKind{failure}},
		{"the others wait for their turn", []approvals.CallState{running, queued}, []approvals.Event{report(0, failed, false)}, []approvals.NoticeKind{failure}},
		{"the second fails too", []approvals.CallState{running, running, running}, []approvals.Event{report(0, failed, false), report(1, failed, false)}, []approvals.NoticeKind{failure}},
		{"the last fails", []approvals.CallState{ok, running}, []approvals.Event{report(1, failed, false)}, []approvals.NoticeKind{end}},
		{"one succeeds", []approvals.CallState{running, running}, []approvals.Event{report(0, ok, false)}, nil},
		{"one is stopped there", []approvals.CallState{running, running}, []approvals.Event{report(0, approvals.CallCancelled, false)}, nil},
		{"a failure leaves only slow ones", []approvals.CallState{ok, running, running}, []approvals.Event{report(1, running, true), report(2, failed, false)}, []approvals.NoticeKind{slow}},
		{"a success leaves only slow ones", []approvals.CallState{running, running}, []approvals.Event{report(0, running, true), report(1, ok, false)}, []approvals.NoticeKind{slow}},
		{"what is left gets slow", []approvals.CallState{ok, running, running}, []approvals.Event{report(1, running, true), report(2, running, true)}, []approvals.NoticeKind{slow}},
		{"nothing has ended", []approvals.CallState{running, running}, []approvals.Event{report(0, running, true), report(1, running, true)}, nil},
		{"one waits besides", []approvals.CallState{ok, running, queued}, []approvals.Event{report(1, running, true)}, nil},
		{"what waits is cancelled", []approvals.CallState{running, queued}, []approvals.Event{report(0, running, true), cancel}, []approvals.NoticeKind{slow}},
		{"and then one of the slow fails", []approvals.CallState{ok, running, running}, []approvals.Event{report(1, running, true), report(2, running, true), report(1, failed, true)}, []approvals.NoticeKind{slow, failure}},
		{"and then all but one", []approvals.CallState{ok, running, running, running}, []approvals.Event{report(1, running, true), report(2, running, true), report(3, running, true), report(1, failed, true), report(2, failed, true)}, []approvals.NoticeKind{slow, failure}},
		{"one failed before, then one of the slow", []approvals.CallState{running, running, running}, []approvals.Event{report(1, running, true), report(2, running, true), report(0, failed, false), report(1, failed, true)}, []approvals.NoticeKind{slow}},
		{"first a failure, then slow, then the end", []approvals.CallState{running, running}, []approvals.Event{report(0, failed, false), report(1, running, true), report(1, ok, true)}, []approvals.NoticeKind{failure, slow, end}},
		{"what waits lapses one by one", []approvals.CallState{queued, queued}, []approvals.Event{lapse(0), lapse(1)}, []approvals.NoticeKind{end}},
		{"one lapses and the other runs", []approvals.CallState{queued, running}, []approvals.Event{lapse(0)}, []approvals.NoticeKind{failure}},
	} {
		r := several(tt.states...)
		for i, e := range tt.events {
			var err error
			if r, err = approvals.Next(r, e, approvalstest.Start.Add(time.Duration(i+3)*time.Minute)); err != nil {
				t.Fatalf("%s: %s: %v", tt.name, approvals.EventName(e), err)
			}
		}
		if got := kinds(r); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestOutdated: what is not true any more, or is said by a later notice, is not said.
func TestOutdated(t *testing.T) {
	all := []approvals.Notice{{Kind: approvals.NoticeReminder}, {Kind: approvals.NoticeEscalation}, {Kind: approvals.NoticeFailure}, {Kind: approvals.NoticeSlow}, {Kind: approvals.NoticeEnd}}
	for _, tt := range []struct {
		state approvals.State
		of    []approvals.Notice
		want  []bool
	}{
		{approvals.Pending, all[:1], []bool{false}},
		{approvals.Pending, all[:2], []bool{true, false}},
		{approvals.Approved, all[:3], []bool{true, true, false}},
		{approvals.Approved, all[:4], []bool{true, true, true, false}},
		{approvals.Done, all, []bool{true, true, true, true, false}},
		{approvals.Expired, []approvals.Notice{all[1], all[4]}, []bool{true, false}},
	} {
		r := approvalstest.Sample(tt.state, approvals.Succeeded)
		r.Notices = tt.of
		for n, want := range tt.want {
			if got := r.Outdated(n); got != want {
				t.Errorf("%s: notice %d (%s) of %d: outdated %v, want %v", tt.state, n, tt.of[n].Kind, len(tt.of), got, want)
			}
		}
	}
}
