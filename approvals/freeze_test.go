package approvals_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// frost is a freeze that is in force.
var frost = approvals.Freeze{
	ID: "F-7K3F9Q", By: approvalstest.Second, At: approvalstest.Start, Text: "wrong list of hosts", Place: approvals.Place{Team: "T1", Channel: "C1"},
}

// lifting is a request to lift that freeze, in a state.
func lifting(s approvals.State) approvals.Request {
	r := approvalstest.Sample(s, "")
	r.Action, r.Devices, r.Calls, r.Frozen = approvals.Unfreeze, nil, nil, frost
	return r
}

// TestFreezeShown: whatever waits for a decision or to be sent says which freeze is in force,
// once, and that none is any more; what has ended or is all under way says nothing of it.
func TestFreezeShown(t *testing.T) {
	for _, s := range approvals.States() {
		for _, cs := range approvals.CallStates() {
			r := approvalstest.Sample(s, cs)
			want := s == approvals.Checking || s == approvals.Pending || s == approvals.Approved && cs == approvals.Queued
			e, got := r.Under(frost)
			if got != want {
				t.Errorf("%s with its call %s: said %v, want %v", s, cs, got, want)
			}
			if !got {
				continue
			}
			under := next(t, r, e)
			if again, more := under.Under(frost); more || under.HeldBy() != frost || under.Visible != r.Visible+1 {
				t.Errorf("%s: held by %v, and then %v", s, under.HeldBy(), again)
			}
			back, news := under.Under(approvals.Freeze{})
			if !news || next(t, under, back).HeldBy().Is() {
				t.Errorf("%s: still held after %v", s, back)
			}
			if _, kept := approvals.Describe(r, under, e); kept {
				t.Errorf("%s: a line in the trail for each card", s)
			}
		}
	}
}

func next(t *testing.T, r approvals.Request, e approvals.Event) approvals.Request {
	t.Helper()
	got, err := approvals.Next(r, e, approvalstest.Start.Add(2*time.Minute))
	if err != nil {
		t.Fatalf("%s: %v", approvals.EventName(e), err)
	}
	return got
}

// TestFreezeLapses: the time to send runs on; a call that lapses says that the freeze was why.
func TestFreezeLapses(t *testing.T) {
	r := approvalstest.Sample(approvals.Approved, approvals.Queued)
	r = next(t, r, approvals.Froze{Freeze: frost})
	e, due := approvals.Ripe(r, r.Lapses())
	if !due {
		t.Fatal("nothing lapses")
	}
	got, err := approvals.Next(r, e, r.Lapses())
	want := approvals.Why{Reason: approvals.ExecutionLapsed, Cause: &approvals.Why{Reason: approvals.Frozen, Detail: "joan", Since: frost.At}}
	if err != nil || got.State != approvals.Done || !cmp.Equal(got.Calls[0].Why, want) {
		t.Errorf("%s, %v, because of %v", got.State, err, got.Calls[0].Why)
	}
}

// TestUnfreeze: a request to lift a freeze has no devices and no calls; it is done with its
// approval, and decided on like any other.
func TestUnfreeze(t *testing.T) {
	r := lifting(approvals.Checking)
	r.Version, r.Visible, r.Card = 1, 1, approvals.Card{}
	r = next(t, r, approvals.Resolve{})
	got := next(t, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	if err := got.Validate(got.ID); got.State != approvals.Done || got.EndedAt.IsZero() || len(got.Calls) != 0 || err != nil {
		t.Errorf("it is %s with %d calls, %v", got.State, len(got.Calls), err)
	}
	if got.Outcome() != approvals.AllSucceeded || got.ApprovedAt().IsZero() || len(got.Notices) != 1 {
		t.Errorf("outcome %s, approved %v, said %v", got.Outcome(), got.ApprovedAt(), got.Notices)
	}
	sum := approvals.Summarise([]approvals.Request{got}, approvalstest.Start, approvalstest.Start.Add(time.Hour))
	if sum.Decided != 1 {
		t.Errorf("a report has %d decisions", sum.Decided)
	}
	if line, kept := approvals.Describe(r, got, approvals.Approve{By: approvalstest.Leader}); !kept || line.To != "done" {
		t.Errorf("the trail has %v, %v", line, kept)
	}
	for name, refused := range map[string]approvals.Event{
		"own":            approvals.Approve{By: approvalstest.Asker, Digest: r.Digest()},
		"another freeze": approvals.Approve{By: approvalstest.Leader, Digest: other(r).Digest()},
		"marked":         approvals.Froze{Freeze: other(r).Frozen},
	} {
		if after, err := approvals.Next(r, refused, approvalstest.Start.Add(time.Minute)); !approvalstest.WasRefused(err) {
			t.Errorf("%s: %s, %v, want a refusal", name, after.State, err)
		}
	}
}

// other is r, about another freeze.
func other(r approvals.Request) approvals.Request {
	r.Frozen.ID = "F-000000"
	return r
}

// TestUnfreezeAlone: one request at a time is about a freeze, in whatever state it is open.
func TestUnfreezeAlone(t *testing.T) {
	for _, s := range append(approvals.States(), "") {
		r := lifting(s)
		if s == "" {
			r = approvals.Request{Action: approvals.Unfreeze}
		}
		var held []string
		for _, c := range approvals.Claims(r) {
			if c.Alone {
				held = append(held, c.Member())
			}
		}
		want := ""
		if s == approvals.Checking || s == approvals.Pending || s == approvals.Approved {
			want = "open/unfreeze/F-7K3F9Q/D-7K3F9Q"
		}
		if got := strings.Join(held, " "); got != want {
			t.Errorf("%q: holds %q, want %q", s, got, want)
		}
	}
}

// TestUnfreezeRecord: a record that is to lift nothing, or has devices, is not believed; nor
// is another one without devices.
func TestUnfreezeRecord(t *testing.T) {
	for name, change := range map[string]func(*approvals.Request){
		"no freeze": func(r *approvals.Request) { r.Frozen = approvals.Freeze{} },
		"a device":  func(r *approvals.Request) { r.Devices = approvalstest.Sample(approvals.Pending, "").Devices },
		"approved": func(r *approvals.Request) {
			r.State, r.Approvals = approvals.Approved, approvalstest.Sample(approvals.Approved, "").Approvals
		},
		"no devices": func(r *approvals.Request) { r.Action = "collect" },
	} {
		r := lifting(approvals.Pending)
		if err := r.Validate(r.ID); err != nil {
			t.Fatal(err)
		}
		if change(&r); r.Validate(r.ID) == nil {
			t.Errorf("%s: believed", name)
		}
	}
}
