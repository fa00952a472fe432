package approvals

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestRandomWalksKeepTheInvariants sends random events of random people at
// random times into a request and checks after each what must never break.
func TestRandomWalksKeepTheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := start
		r, err := next(Request{}, Ask{Request: drawnRequest(t)}, now)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "seconds")) * time.Second)
			e := drawnEvent(t, r)
			got, err := next(r, e, now)
			if err != nil {
				if !isAnyNo(err) {
					t.Fatalf("%s: %v is not a *No", e.name(), err)
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

func drawnRequest(t *rapid.T) Request {
	devices := make([]Device, rapid.IntRange(1, 3).Draw(t, "devices"))
	for i := range devices {
		devices[i].ID = hexID[:39] + string(rune('a'+i))
	}
	terms := sample(Pending, "").Terms
	terms.Needed = rapid.IntRange(1, 2).Draw(t, "needed")
	return Request{ID: "D-7K3F9Q", Action: "collect", Devices: devices, Comment: "c", By: asker, Place: Place{Team: "T1", Channel: "C1"}, Terms: terms}
}

func drawnEvent(t *rapid.T, r Request) Event {
	if e, ok := ripe(r, start.Add(10000*time.Hour)); ok && rapid.IntRange(0, 3).Draw(t, "clock") == 0 {
		return e
	}
	people := []Person{asker, leader, second, {ID: "U9", Enterprise: "W1"}}
	by := rapid.SampledFrom(people).Draw(t, "by")
	digest := rapid.SampledFrom([]string{r.Digest(), r.Digest(), r.Digest(), "else"}).Draw(t, "digest")
	call := rapid.IntRange(0, len(r.Devices)-1).Draw(t, "call")
	return rapid.SampledFrom([]Event{
		Resolve{Devices: r.Devices},
		Resolve{Devices: r.Devices},
		Approve{By: by, Digest: digest},
		Approve{By: by, Digest: digest},
		Deny{By: by, Digest: digest},
		Cancel{By: by},
		Expire{},
		Remind{},
		Show{TS: "1.2", Visible: r.Visible, Told: len(r.Notices)},
		Reject{Why: Why{Reason: DeviceNotFound}},
		On{call, drawnCallEvent(t, call)},
		On{call, drawnCallEvent(t, call)},
		On{call, drawnCallEvent(t, call)},
		On{call, drawnCallEvent(t, call)},
	}).Draw(t, "event")
}

func drawnCallEvent(t *rapid.T, call int) CallEvent {
	n := rapid.IntRange(1, 3).Draw(t, "attempt")
	as := rapid.SampledFrom([]CallState{Running, Running, Succeeded, Failed, CallCancelled, Unknown}).Draw(t, "as")
	job := Job{ID: "j" + string(rune('0'+call))}
	return rapid.SampledFrom([]CallEvent{
		Send{NotAfter: start.Add(time.Hour)},
		Send{NotAfter: start.Add(time.Hour)},
		Send{NotAfter: start.Add(time.Hour)},
		Accept{n, job},
		Requeue{Attempt: n},
		Fail{Attempt: n},
		Doubt{Attempt: n},
		Adopt{job, as},
		Report{job, as},
		Miss{},
		GiveUp{},
		Lapse{},
		Wait{},
		Expect{},
		Stop{By: asker},
	}).Draw(t, "call event")
}

// checkStep holds one accepted step against what the design promises.
func checkStep(t *rapid.T, r, got Request, e Event, now time.Time) {
	if err := got.sound(r.ID); got.State != "" && err != nil {
		t.Fatalf("%s made a record that would not be read again: %v", e.name(), err)
	}
	if r.State.Ended() && got.State != r.State && got.State != "" {
		t.Fatalf("%s left the ended state %s for %s", e.name(), r.State, got.State)
	}
	if got.Version != r.Version+1 && got.State != "" {
		t.Fatalf("%s moved the version from %d to %d", e.name(), r.Version, got.Version)
	}
	approvers := map[string]bool{}
	for _, a := range got.Approvals {
		if a.By.Is(got.By) {
			t.Fatalf("the requester counts as an approver")
		}
		approvers[a.By.ID] = true
	}
	if (got.State == Approved || got.State == Done) && len(approvers) < got.Terms.Needed {
		t.Fatalf("%s with %d of %d approvers", got.State, len(approvers), got.Terms.Needed)
	}
	if got.State == Done && slices.ContainsFunc(got.Calls, func(c Call) bool { return !c.State.Ended() }) {
		t.Fatalf("done with a call that has not ended")
	}
	if got.State != "" && got.State != Approved && len(timers(got)) == 0 {
		t.Fatalf("%s has no timer", got.State)
	}
	if len(got.Notices) < len(r.Notices) && got.State != "" {
		t.Fatalf("a notice was taken back")
	}
	for i := range got.Calls {
		if i < len(r.Calls) {
			checkCall(t, r.Calls[i], got.Calls[i], e, now)
		}
	}
}

// checkCall holds one call against the promise that it is made once: a POST
// can only follow a state in which nothing can have started.
func checkCall(t *rapid.T, c, got Call, e Event, now time.Time) {
	if c.State.Ended() && got.State != c.State {
		t.Fatalf("%s left the ended call state %s for %s", e.name(), c.State, got.State)
	}
	if got.Attempt > c.Attempt && c.State != Queued {
		t.Fatalf("an attempt was made from %s", c.State)
	}
	if o, ok := e.(On); ok && got.State == Queued && c.State != Queued {
		if _, proof := o.Event.(Requeue); !proof || c.State != Sending {
			t.Fatalf("%s put a %s call back into the queue", e.name(), c.State)
		}
	}
	if got.State.Ended() && got.EndedAt.After(now) {
		t.Fatalf("a call ended in the future")
	}
}
