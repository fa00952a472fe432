package approvals_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// stopIn is a running call whose stop is in that state; all but one that was just asked
// for have been sent once.
func stopIn(s approvals.StopState) approvals.Call {
	c := approvalstest.SampleCall(approvals.Running)
	c.Stop.State = s
	if s != approvals.NotStopped {
		c.Stop.By, c.Stop.At, c.Stop.Since = approvalstest.Leader, approvalstest.Start.Add(2*time.Minute), approvalstest.Start.Add(2*time.Minute)
	}
	if s != approvals.NotStopped && s != approvals.StopAsked {
		c.Stop.Attempt, c.Stop.NotAfter = 1, c.Stop.At.Add(approvals.SendLimit)
	}
	return c
}

// stopEvents is one event of every kind that can happen to a stop, of the attempt that
// a stop in that state has made last.
func stopEvents(s approvals.StopState) []approvals.CallEvent {
	n := stopIn(s).Stop.Attempt
	return []approvals.CallEvent{
		approvals.SendStop{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.HoldStop{Attempt: n, Why: approvals.Why{Reason: approvals.Throttled}, Hold: approvalstest.Start.Add(time.Hour)},
		approvals.TakeStop{Attempt: n, Job: approvals.Job{ID: "j1"}, As: approvals.Running},
		approvals.RefuseStop{Attempt: n, Why: approvals.Why{Reason: approvals.Refused}},
		approvals.LoseStop{Attempt: n, Why: approvals.Why{Reason: approvals.AnswerLost}},
	}
}

// wantedStops is every change of a stop there is. What is not in it is refused.
var wantedStops = map[string]approvals.StopState{
	" stopjobs":          approvals.StopAsked,
	"refused stopjobs":   approvals.StopAsked, // somebody asks again
	"lost stopjobs":      approvals.StopAsked, // likewise
	"taken stopjobs":     approvals.StopAsked, // likewise, after a while
	"asked sendstop":     approvals.StopSending,
	"asked holdstop":     approvals.StopAsked,
	"asked losestop":     approvals.StopLost,    // Redis has lost that it was sent
	"asked refusestop":   approvals.StopRefused, // whoever asked may not any more
	"sending holdstop":   approvals.StopAsked,
	"sending takestop":   approvals.StopTaken,
	"sending refusestop": approvals.StopRefused,
	"sending losestop":   approvals.StopLost,
	"lost takestop":      approvals.StopTaken, // the owner came late
	"lost refusestop":    approvals.StopRefused,
}

func TestStopEveryEvent(t *testing.T) {
	for _, s := range approvals.StopStates() {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Calls[0] = stopIn(s)
		events := []approvals.Event{approvals.StopJobs{By: approvalstest.Second, Digest: r.Digest()}}
		for _, e := range stopEvents(s) {
			events = append(events, approvals.On{Event: e})
		}
		for _, e := range events {
			name := string(s) + " " + approvals.EventName(e)
			want, fits := wantedStops[name]
			got, err := approvals.Next(r, e, approvalstest.Start.Add(time.Hour))
			switch {
			case fits && err != nil:
				t.Errorf("%s: refused: %v", name, err)
			case fits && (got.Calls[0].Stop.State != want || got.Calls[0].State != approvals.Running):
				t.Errorf("%s: got %q of a %s call, want %q of one that runs", name, got.Calls[0].Stop.State, got.Calls[0].State, want)
			case !fits && !approvalstest.WasRefused(err):
				t.Errorf("%s: got %q and %v, want a *Refusal", name, got.Calls[0].Stop.State, err)
			case !fits && !cmp.Equal(got, r):
				t.Errorf("%s: refused but changed:\n%s", name, cmp.Diff(r, got))
			}
			if err := got.Validate(r.ID); err != nil {
				t.Errorf("%s: the record would not be read again: %v", name, err)
			}
		}
	}
}

func stopEdges() (edges []string) {
	for _, s := range approvals.StopStates() {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Calls[0] = stopIn(s)
		events := []approvals.Event{approvals.StopJobs{By: approvalstest.Second, Digest: r.Digest()}}
		for _, e := range stopEvents(s) {
			events = append(events, approvals.On{Event: e})
		}
		for _, e := range events {
			if got, err := approvals.Next(r, e, approvalstest.Start.Add(time.Hour)); err == nil {
				edges = append(edges, edge(string(s), string(got.Calls[0].Stop.State), approvals.EventName(e)))
			}
		}
	}
	return edges
}

// TestStopOtherAttempt: a stop takes no answer to another attempt, nor one about another
// job.
func TestStopOtherAttempt(t *testing.T) {
	for _, e := range []approvals.CallEvent{
		approvals.TakeStop{Attempt: 2, Job: approvals.Job{ID: "j1"}, As: approvals.CallCancelled},
		approvals.TakeStop{Attempt: 1, Job: approvals.Job{ID: "j2"}, As: approvals.CallCancelled},
		approvals.RefuseStop{Attempt: 2},
		approvals.HoldStop{Attempt: 2},
		approvals.LoseStop{Attempt: 2},
	} {
		if got, err := approvals.NextCall(stopIn(approvals.StopSending), e, approvalstest.Start); !approvalstest.WasRefused(err) {
			t.Errorf("%+v while attempt 1 for j1 is out: got %q and %v, want a *Refusal", e, got.Stop.State, err)
		}
	}
}

// TestStopAnswerEnds: the answer to a stop can end the call, as it shows the job.
func TestStopAnswerEnds(t *testing.T) {
	for _, as := range []approvals.CallState{approvals.CallCancelled, approvals.Succeeded, approvals.Failed} {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Calls[0] = stopIn(approvals.StopSending)
		got, err := approvals.Next(r, approvals.On{Event: approvals.TakeStop{Attempt: 1, Job: approvals.Job{ID: "j1"}, As: as}}, approvalstest.Start.Add(time.Hour))
		if err != nil || got.State != approvals.Done || got.Calls[0].State != as || !got.Calls[0].Stop.By.Is(approvalstest.Leader) || got.Calls[0].By.ID != "" {
			t.Errorf("%s: request %s, %+v and %v; want it done, the call so, and who asked in its stop alone", as, got.State, got.Calls[0], err)
		}
	}
}

// TestStopJobs: what runs is marked, and nothing else; the last who asks is kept.
func TestStopJobs(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Running)
	r.Devices = append(r.Devices, approvalstest.DeviceNo(1), approvalstest.DeviceNo(2), approvalstest.DeviceNo(3))
	r.Calls = append(r.Calls, approvalstest.SampleCall(approvals.Queued), stopIn(approvals.StopLost), approvalstest.SampleCall(approvals.Succeeded))
	at := approvalstest.Start.Add(time.Hour)
	got, err := approvals.Next(r, approvals.StopJobs{By: approvalstest.Second, Digest: r.Digest()}, at)
	if err != nil {
		t.Fatal(err)
	}
	want := []approvals.Stopping{
		{State: approvals.StopAsked, By: approvalstest.Second, At: at, Since: at},
		{},
		{State: approvals.StopAsked, By: approvalstest.Second, At: at, Since: at, Attempt: 1},
		{},
	}
	for i := range got.Calls {
		if diff := cmp.Diff(want[i], got.Calls[i].Stop); diff != "" || got.Calls[i].State != r.Calls[i].State {
			t.Errorf("call %d is %s (-want +got)\n%s", i, got.Calls[i].State, diff)
		}
	}
	line, kept := approvals.Describe(r, got, approvals.StopJobs{By: approvalstest.Second, Digest: r.Digest()})
	if !kept || line.By != approvalstest.Second || line.Event != "stopjobs" {
		t.Errorf("the trail has %+v (%v), want who it was", line, kept)
	}
}

// TestStopJobsRefuses: where there is nothing to stop.
func TestStopJobsRefuses(t *testing.T) {
	digest := approvalstest.Sample(approvals.Pending, "").Digest()
	asked := approvalstest.Sample(approvals.Approved, approvals.Running)
	asked.Calls[0] = stopIn(approvals.StopTaken)
	for name, tt := range map[string]struct {
		r      approvals.Request
		digest string
		want   approvals.Reason
	}{
		"pending":                 {approvalstest.Sample(approvals.Pending, ""), digest, approvals.NothingToStop},
		"waits for its turn":      {approvalstest.Sample(approvals.Approved, approvals.Queued), digest, approvals.NothingToStop},
		"being sent":              {approvalstest.Sample(approvals.Approved, approvals.Sending), digest, approvals.NothingToStop},
		"nobody knows":            {approvalstest.Sample(approvals.Approved, approvals.Uncertain), digest, approvals.NothingToStop},
		"done":                    {approvalstest.Sample(approvals.Done, approvals.Succeeded), digest, approvals.NothingToStop},
		"stopped just now":        {asked, digest, approvals.StopUnderWay},
		"something else was seen": {approvalstest.Sample(approvals.Approved, approvals.Running), "else", approvals.ShownDiffers},
	} {
		if got, err := approvals.Next(tt.r, approvals.StopJobs{By: approvalstest.Leader, Digest: tt.digest}, approvalstest.Start); !approvals.IsRefusal(err, tt.want) || !cmp.Equal(got, tt.r) {
			t.Errorf("%s: %v, want %s and no change", name, err, tt.want)
		}
	}
}

// TestStopDue: a stop is to be sent at once, or when what holds it is over, and nothing
// else of the call waits for it.
func TestStopDue(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Running)
	now := approvalstest.Start.Add(time.Hour)
	idle := approvals.Due(r, approvals.Clock, now)
	r.Calls[0] = stopIn(approvals.StopAsked)
	if got := approvals.Due(r, approvals.Clock, now); !got.Equal(now) {
		t.Errorf("due %s, want at once", got)
	}
	r.Calls[0].Stop.Hold = now.Add(time.Minute)
	if got := approvals.Due(r, approvals.Clock, now); !got.Equal(now.Add(time.Minute)) {
		t.Errorf("held for a minute: due %s", got)
	}
	for _, s := range []approvals.StopState{approvals.StopTaken, approvals.StopRefused, approvals.StopLost} {
		r.Calls[0] = stopIn(s)
		if got := approvals.Due(r, approvals.Clock, now); !got.Equal(idle) {
			t.Errorf("%s: due %s, want %s as without a stop", s, got, idle)
		}
	}
	r.Calls[0] = stopIn(approvals.StopAsked)
	r.Calls[0].State, r.Calls[0].EndedAt, r.State, r.EndedAt = approvals.Succeeded, now, approvals.Done, now
	if got := approvals.Due(r, approvals.Clock, now); !got.Equal(now.Add(r.Terms.Retention)) {
		t.Errorf("after the end: due %s", got)
	}
}

// TestStopAbandoned: the clock takes an attempt whose owner is silent for lost, and it is
// not sent again.
func TestStopAbandoned(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Running)
	r.Calls[0] = stopIn(approvals.StopSending)
	at := r.Calls[0].Stop.NotAfter.Add(50 * time.Second)
	if e, ok := approvals.Ripe(r, at.Add(-time.Millisecond)); ok {
		t.Errorf("%s before its time", approvals.EventName(e))
	}
	if got := approvals.Due(r, approvals.Clock, approvalstest.Start); !got.Equal(at) {
		t.Errorf("due %s, want %s", got, at)
	}
	e, ok := approvals.Ripe(r, at)
	if !ok {
		t.Fatal("nothing is ripe")
	}
	got, err := approvals.Next(r, e, at)
	if s := got.Calls[0].Stop; err != nil || s.State != approvals.StopLost || s.Why.Reason != approvals.OwnerLost || got.Calls[0].StopWaits() {
		t.Errorf("%+v and %v, want it lost", s, err)
	}
}

// TestStopFollowed: a job that has run for an hour is asked for every few minutes, and
// soon again after a stop of it was answered.
func TestStopFollowed(t *testing.T) {
	for _, s := range approvals.StopStates() {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Calls[0] = stopIn(s)
		now := approvalstest.Start.Add(time.Hour)
		r.Calls[0].Stop.Since = now
		wait := approvals.Due(r, approvals.Look, now).Sub(now)
		if soon := wait <= 5*time.Second; soon != s.Answered() {
			t.Errorf("%q: asked for after %s", s, wait)
		}
	}
}

// TestStopComment: who stopped it, in a comment that is known again, whatever their name.
func TestStopComment(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Running)
	c := stopIn(approvals.StopAsked)
	if got, want := r.StopComment(c), "[D-7K3F9Q · stopped by grace (U2)]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	c.Stop.By.Name = "x] [D-000000 · approved by"
	if got := r.StopComment(c); !r.OwnsStop("cancelled by bot: "+got) || strings.Count(got, "[") != 1 || strings.Count(got, "·") != 1 {
		t.Errorf("a name that forges: %q", got)
	}
	if other := "cancelled by bot: [D-7K3F9 · stopped by grace (U2)]"; r.OwnsStop(other) {
		t.Errorf("%q is taken for its own", other)
	}
}

// TestStopRecord: a stop that contradicts itself is not acted on.
func TestStopRecord(t *testing.T) {
	for name, change := range map[string]func(*approvals.Stopping){
		"a state of nobody":  func(s *approvals.Stopping) { s.State = "gone" },
		"nobody asked":       func(s *approvals.Stopping) { s.By = approvals.Person{} },
		"at no time":         func(s *approvals.Stopping) { s.At = time.Time{} },
		"no attempt":         func(s *approvals.Stopping) { s.Attempt = 0 },
		"a negative attempt": func(s *approvals.Stopping) { s.Attempt = -1 },
		"without its limit":  func(s *approvals.Stopping) { s.NotAfter = time.Time{} },
	} {
		r := approvalstest.Sample(approvals.Approved, approvals.Running)
		r.Calls[0] = stopIn(approvals.StopSending)
		if err := r.Validate(r.ID); err != nil {
			t.Fatal(err)
		}
		if change(&r.Calls[0].Stop); r.Validate(r.ID) == nil {
			t.Errorf("%s: it is believed", name)
		}
	}
}
