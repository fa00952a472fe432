package approvals_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// TestNextRandomWalks sends random events of random people at
// random times into a request and checks after each what must never break.
func TestNextRandomWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := approvalstest.Start
		r, err := approvals.Next(approvals.Request{}, approvals.Ask{Request: drawnRequest(t)}, now)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "seconds")) * time.Second)
			e := drawnEvent(t, r)
			got, err := approvals.Next(r, e, now)
			if err != nil {
				if !approvalstest.WasRefused(err) {
					t.Fatalf("%s: %v is not a *Refusal", approvals.EventName(e), err)
				}
				continue
			}
			checkStep(t, r, got, e, now)
			if r = got; r.State == "" {
				return
			}
		}
	})
}

func drawnRequest(t *rapid.T) approvals.Request {
	devices := make([]approvals.Device, rapid.IntRange(1, 3).Draw(t, "devices"))
	for i := range devices {
		if devices[i].Name = "srv-1"; rapid.Bool().Draw(t, "by id") {
			devices[i].ID = approvalstest.HexID[:39] + string(rune('a'+i))
		}
	}
	terms := approvalstest.Sample(approvals.Pending, "").Terms
	terms.EscalateAfter = time.Duration(rapid.SampledFrom([]int{0, 20}).Draw(t, "escalate")) * time.Minute
	terms.Needed = rapid.IntRange(1, 2).Draw(t, "needed")
	alone := rapid.IntRange(0, 4).Draw(t, "alone") == 0
	if alone {
		devices = devices[:1]
	}
	return approvals.Request{ID: "D-7K3F9Q", Action: "collect", Forced: alone, Devices: devices, Comment: "c", By: approvalstest.Asker, Place: approvals.Place{Team: "T1", Channel: "C1"}, Terms: terms}
}

// resolved are the devices of r, each with an id.
func resolved(r approvals.Request) []approvals.Device {
	devices := slices.Clone(r.Devices)
	for i := range devices {
		if devices[i].ID == "" {
			devices[i].ID = approvalstest.HexID[:39] + string(rune('a'+i))
		}
	}
	return devices
}

func drawnEvent(t *rapid.T, r approvals.Request) approvals.Event {
	if e, ok := approvals.Ripe(r, approvalstest.Start.Add(10000*time.Hour)); ok && rapid.IntRange(0, 3).Draw(t, "clock") == 0 {
		return e
	}
	people := []approvals.Person{approvalstest.Asker, approvalstest.Leader, approvalstest.Second, {ID: "U9", Enterprise: "W1"}}
	by := rapid.SampledFrom(people).Draw(t, "by")
	digest := rapid.SampledFrom([]string{r.Digest(), r.Digest(), r.Digest(), "else"}).Draw(t, "digest")
	call := rapid.IntRange(0, len(r.Devices)-1).Draw(t, "call")
	return rapid.SampledFrom([]approvals.Event{
		approvals.Resolve{Devices: resolved(r)},
		approvals.Resolve{Devices: resolved(r), Beyond: rapid.Bool().Draw(t, "resolved beyond")},
		approvals.Force{By: by, Devices: resolved(r)},
		approvals.CloseReview{By: by, Digest: digest, Text: "seen"},
		approvals.Offer{Device: call, Offered: namesakes(3)},
		approvals.Offered{At: r.Choice.At},
		approvals.Pick{By: by, Device: call, ID: namesakes(3)[call].ID},
		approvals.Package{By: by, Call: call, Job: "j" + string(rune('0'+call))},
		approvals.Approve{By: by, Digest: digest},
		approvals.Approve{By: by, Digest: digest, Beyond: rapid.Bool().Draw(t, "beyond")},
		approvals.Deny{By: by, Digest: digest},
		approvals.Cancel{By: by},
		approvals.StopJobs{By: by, Digest: digest},
		approvals.Expire{},
		approvals.Remind{},
		approvals.Escalate{},
		approvals.Name{Device: approvals.Device{ID: r.Devices[call].ID, Name: "late", Verified: true}},
		approvals.Retry{As: rapid.SampledFrom([]string{"D-000001", "D-000002"}).Draw(t, "as"), Devices: []string{r.Devices[call].ID}},
		approvals.Show{TS: "1.2", Visible: r.Visible, Told: len(r.Notices)},
		approvals.Reject{Why: approvals.Why{Reason: approvals.DeviceNotFound}},
		approvals.Froze{Freeze: frost},
		approvals.Thawed{},
		approvals.On{call, drawnCallEvent(t, call)},
		approvals.On{call, drawnCallEvent(t, call)},
		approvals.On{call, drawnCallEvent(t, call)},
		approvals.On{call, drawnCallEvent(t, call)},
	}).Draw(t, "event")
}

func drawnCallEvent(t *rapid.T, call int) approvals.CallEvent {
	n := rapid.IntRange(1, 3).Draw(t, "attempt")
	as := rapid.SampledFrom([]approvals.CallState{approvals.Running, approvals.Running, approvals.Succeeded, approvals.Failed, approvals.CallCancelled, approvals.Unknown}).Draw(t, "as")
	job := approvals.Job{ID: "j" + string(rune('0'+call)), Slow: rapid.Bool().Draw(t, "slow")}
	return rapid.SampledFrom([]approvals.CallEvent{
		approvals.Send{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.Send{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.Send{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.Accept{n, job, as},
		approvals.Requeue{Attempt: n},
		approvals.Fail{Attempt: n},
		approvals.Doubt{Attempt: n},
		approvals.Adopt{job, as},
		approvals.Report{job, as},
		approvals.Miss{},
		approvals.GiveUp{},
		approvals.Lapse{},
		approvals.Wait{},
		approvals.Expect{},
		approvals.Stop{By: approvalstest.Asker},
		approvals.SendStop{NotAfter: approvalstest.Start.Add(time.Hour)},
		approvals.HoldStop{Attempt: n - 1},
		approvals.TakeStop{n, job, as},
		approvals.RefuseStop{Attempt: n},
		approvals.LoseStop{Attempt: n},
	}).Draw(t, "call event")
}

// checkStep holds one accepted step against what the design promises.
func checkStep(t *rapid.T, r, got approvals.Request, e approvals.Event, now time.Time) {
	if err := got.Validate(r.ID); got.State != "" && err != nil {
		t.Fatalf("%s made a record that would not be read again: %v", approvals.EventName(e), err)
	}
	if r.State.Ended() && got.State != r.State && got.State != "" {
		t.Fatalf("%s left the ended state %s for %s", approvals.EventName(e), r.State, got.State)
	}
	if got.Version != r.Version+1 && got.State != "" {
		t.Fatalf("%s moved the version from %d to %d", approvals.EventName(e), r.Version, got.Version)
	}
	approvers := map[string]bool{}
	for _, a := range got.Approvals {
		if a.By.Is(got.By) {
			t.Fatalf("the requester counts as an approver")
		}
		approvers[a.By.ID] = true
	}
	checkAlone(t, r, got)
	if (got.State == approvals.Approved || got.State == approvals.Done) && !got.Forced && len(approvers) < got.Terms.Needed {
		t.Fatalf("%s with %d of %d approvers", got.State, len(approvers), got.Terms.Needed)
	}
	if got.State == approvals.Done && slices.ContainsFunc(got.Calls, func(c approvals.Call) bool { return !c.State.Ended() }) {
		t.Fatalf("done with a call that has not ended")
	}
	if got.State != "" && got.State != approvals.Approved && len(approvals.Timers(got)) == 0 {
		t.Fatalf("%s has no timer", got.State)
	}
	checkNotices(t, r, got)
	checkKept(t, r, got, e)
	if _, fetched := e.(approvals.Package); fetched && !cmp.Equal(got, r, cmpopts.IgnoreFields(approvals.Request{}, "Version")) {
		t.Fatalf("who fetches a package changes the request: %s", cmp.Diff(r, got))
	}
	if p, picked := e.(approvals.Pick); picked && (!p.By.Is(r.By) || !r.Chooses() || got.Chooses() || got.Devices[p.Device].ID != p.ID) {
		t.Fatalf("%+v made %+v of %+v", p, got.Devices, r.Choice)
	}
	for i := range got.Calls {
		if i < len(r.Calls) {
			checkCall(t, r.Calls[i], got.Calls[i], e, now)
		}
	}
}

// checkAlone: without approvers there is a review that stays open until somebody else closes
// it, and what goes beyond its requester's reach permanently needs one more approver.
func checkAlone(t *rapid.T, r, got approvals.Request) {
	if got.State == "" {
		if r.UnderReview() {
			t.Fatalf("forgotten under review")
		}
		return
	}
	if r.Review.At.IsZero() != got.Review.At.IsZero() && (got.Review.By.Is(got.By) || got.Review.Text == "") {
		t.Fatalf("reviewed by %v with %q", got.Review.By, got.Review.Text)
	}
	if got.Forced != r.Forced || r.Acted() && !r.Review.At.IsZero() && got.Review != r.Review {
		t.Fatalf("a review was undone: %+v after %+v", got.Review, r.Review)
	}
	if more := got.Terms.Needed - r.Terms.Needed; (more == 1) != (got.Beyond && !r.Beyond) || more < 0 || r.Beyond && !got.Beyond {
		t.Fatalf("%d of %d approvers are needed, beyond reach %v of %v", got.Terms.Needed, r.Terms.Needed, got.Beyond, r.Beyond)
	}
}

// checkNotices: a notice is never taken back, and there is one of each kind.
func checkNotices(t *rapid.T, r, got approvals.Request) {
	if len(got.Notices) < len(r.Notices) && got.State != "" {
		t.Fatalf("a notice was taken back")
	}
	if len(got.Notices) > len(r.Notices)+1 {
		t.Fatalf("two notices at once: %+v", got.Notices)
	}
	seen := map[approvals.NoticeKind]bool{}
	for _, n := range got.Notices {
		if seen[n.Kind] && n.Kind != approvals.NoticeReview {
			t.Fatalf("two notices of one kind: %+v", got.Notices)
		}
		seen[n.Kind] = true
	}
}

// checkKept: whoever is called in is called in time and stays called in, what was decided on stays what it
// is, and a device is tried again once.
func checkKept(t *rapid.T, r, got approvals.Request, e approvals.Event) {
	if got.State == "" {
		return
	}
	if !got.Escalated.IsZero() && (got.Terms.EscalateAfter == 0 || got.Escalated.Before(got.Opened.Add(got.Terms.EscalateAfter))) {
		t.Fatalf("escalated %s after it was opened, of %s", got.Escalated.Sub(got.Opened), got.Terms.EscalateAfter)
	}
	if !r.Escalated.IsZero() && got.Escalated != r.Escalated || got.Escalated != r.Escalated && len(got.Approvals) != len(r.Approvals) {
		t.Fatalf("%s changed that it was escalated at %s, or decided something with it", approvals.EventName(e), r.Escalated)
	}
	if r.State != approvals.Checking && got.Digest() != r.Digest() {
		t.Fatalf("%s changed what was decided on", approvals.EventName(e))
	}
	for i, c := range r.Calls {
		if c.RetriedAs != "" && got.Calls[i].RetriedAs != c.RetriedAs || got.Calls[i].RetriedAs != "" && !got.Calls[i].State.Ended() {
			t.Fatalf("%s: call %d, %s, is tried again as %q after %q", approvals.EventName(e), i, got.Calls[i].State, got.Calls[i].RetriedAs, c.RetriedAs)
		}
	}
}

// checkCall holds one call against the promise that it is made once: a POST
// can only follow a state in which nothing can have started.
func checkCall(t *rapid.T, c, got approvals.Call, e approvals.Event, now time.Time) {
	if c.State.Ended() && got.State != c.State {
		t.Fatalf("%s left the ended call state %s for %s", approvals.EventName(e), c.State, got.State)
	}
	if got.Attempt > c.Attempt && c.State != approvals.Queued {
		t.Fatalf("an attempt was made from %s", c.State)
	}
	checkStop(t, c, got, e)
	if o, ok := e.(approvals.On); ok && got.State == approvals.Queued && c.State != approvals.Queued {
		if _, proof := o.Event.(approvals.Requeue); !proof || c.State != approvals.Sending {
			t.Fatalf("%s put a %s call back into the queue", approvals.EventName(e), c.State)
		}
	}
	if got.State.Ended() && got.EndedAt.After(now) {
		t.Fatalf("a call ended in the future")
	}
}

// checkStop holds one stop against the promises that it is sent once for each time that
// somebody asks, unless it provably was not taken, and that only Defender ends a call.
func checkStop(t *rapid.T, c, got approvals.Call, e approvals.Event) {
	if got.Stop.Attempt > c.Stop.Attempt && c.Stop.State != approvals.StopAsked {
		t.Fatalf("a stop was sent from %q", c.Stop.State)
	}
	if got.Stop.State == approvals.StopAsked && c.Stop.State != approvals.StopAsked {
		o, on := e.(approvals.On)
		if _, asked := e.(approvals.StopJobs); !asked && !on {
			t.Fatalf("%s asks for a stop", approvals.EventName(e))
		}
		if _, proof := o.Event.(approvals.HoldStop); on && (!proof || c.Stop.State != approvals.StopSending) {
			t.Fatalf("%s has a stop sent again from %q", approvals.EventName(e), c.Stop.State)
		}
	}
	if _, asked := e.(approvals.StopJobs); asked && got.State != c.State {
		t.Fatalf("a wish made a %s call %s", c.State, got.State)
	}
}
