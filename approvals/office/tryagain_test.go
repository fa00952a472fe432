package office

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// failed is a request of three devices: one succeeded, one failed, one is not
// known.
func failed(t *testing.T, s *ledger.Store) approvals.Request {
	t.Helper()
	r := approved(t, s, approvalstest.DeviceNo(1), approvalstest.DeviceNo(2), approvalstest.DeviceNo(3))
	for i, e := range []approvals.CallEvent{approvals.Report{Job: approvals.Job{ID: "j0"}, As: approvals.Succeeded}, nil, approvals.GiveUp{Why: approvals.Why{Reason: approvals.TookTooLong}}} {
		if i == 1 {
			r = apply(t, s, r, approvals.On{Call: 1, Event: approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}}})
			continue
		}
		got, err := s.Apply(t.Context(), ledger.NewOp(), r, sending(s, i))
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, got, approvals.On{Call: i, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: "j" + string(rune('0'+i))}}})
		r = apply(t, s, r, approvals.On{Call: i, Event: e})
	}
	if r.State != approvals.Done || r.Outcome() != approvals.Partly {
		t.Fatalf("got %s, %s", r.State, r.Outcome())
	}
	return r
}

func TestDeskRetry(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{
		"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}, "U9": {Person: approvals.Person{ID: "U9"}},
	}}
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, people)
		old := failed(t, s)
		by := func(user string) By { return pressed(user, old.Place) }

		if _, err := d.Retry(t.Context(), by("U9"), old.ID, old.Digest()); !approvals.IsRefusal(err, approvals.NotYours) {
			t.Errorf("somebody else: %v", err)
		}
		if _, err := d.Retry(t.Context(), by("U2"), old.ID, "else"); !approvals.IsRefusal(err, approvals.ShownDiffers) {
			t.Errorf("another card: %v", err)
		}
		made, err := d.Retry(t.Context(), by("U2"), old.ID, old.Digest())
		if err != nil {
			t.Fatal(err)
		}
		if made.RetryOf != old.ID || !made.By.Is(approvalstest.Asker) || len(made.Devices) != 2 || made.Devices[0].ID != approvalstest.DeviceNo(2).ID || made.Comment != old.Comment {
			t.Errorf("made %+v", made)
		}
		if len(made.Approvals) != 1 || made.Approvals[0].By.ID != "U2" {
			t.Errorf("the approver's click is no approval: %+v", made.Approvals)
		}
		if _, err := d.Retry(t.Context(), by("U3"), old.ID, old.Digest()); !approvals.IsRefusal(err, approvals.AlreadyRetried) {
			t.Errorf("before the old record says so: %v", err)
		}
		if err := (&Worker{store: s}).markOrigin(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(t.Context(), old.ID); err != nil || got.RetriedAs != made.ID || got.Visible != old.Visible+1 {
			t.Errorf("the old one says retried as %q, %v", got.RetriedAs, err)
		}
		if _, err := d.Retry(t.Context(), by("U3"), old.ID, old.Digest()); !approvals.IsRefusal(err, approvals.AlreadyRetried) {
			t.Errorf("a second time: %v", err)
		}
		devices := []approvals.Device{{ID: approvalstest.DeviceNo(2).ID, Verified: true}, {ID: approvalstest.DeviceNo(3).ID, Verified: true}}
		if got := apply(t, s, made, approvals.Resolve{Devices: devices}); got.State != approvals.Approved || len(got.Calls) != 2 || got.ApprovedAt().Before(got.Opened) {
			t.Errorf("with its approval it is %s with %d calls, approved at %s", got.State, len(got.Calls), got.ApprovedAt())
		}
	})
}

// TestRetryByRequester: a retry by the requester needs an approver.
func TestRetryByRequester(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}}}
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, people)
		old := failed(t, s)
		made, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest())
		if err != nil || len(made.Approvals) != 0 {
			t.Fatalf("made with %d approvals, %v", len(made.Approvals), err)
		}
		got := apply(t, s, made, approvals.Resolve{Devices: made.Devices})
		if got.State != approvals.Pending {
			t.Errorf("it is %s, want pending", got.State)
		}
		if _, err := d.Approve(t.Context(), pressed("U1", old.Place), made.ID, got.Digest()); !approvals.IsRefusal(err, approvals.OwnRequest) {
			t.Errorf("the first requester approves the retry: %v", err)
		}
	})
}

// TestRetryConcurrent lets two people try again at once; the claims
// in the index decide, each about one device, not what either of them had read.
func TestRetryConcurrent(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		r := approvalstest.Asked(approvalstest.DeviceNo(1))
		r.RetryOf = "D-000000"
		first, err := s.Create(t.Context(), ledger.NewOp(), r, 0)
		if err != nil {
			t.Fatal(err)
		}
		other := approvalstest.Asked(approvalstest.DeviceNo(2))
		other.RetryOf = "D-000000"
		if _, err := s.Create(t.Context(), ledger.NewOp(), other, 0); err != nil {
			t.Errorf("a retry of another device: %v", err)
		}
		both := approvalstest.Asked(approvalstest.DeviceNo(3), approvalstest.DeviceNo(1))
		both.RetryOf = "D-000000"
		_, err = s.Create(t.Context(), ledger.NewOp(), both, 0)
		if refused, _ := approvals.AsRefusal(err); !approvals.IsRefusal(err, approvals.AlreadyRetried) || refused.Why.Other == nil || refused.Why.Other.Request != first.ID {
			t.Errorf("a second retry of the same device: %v", err)
		}
	})
}

// TestRetryOnlyFailed: only what did not work is retryable.
func TestRetryOnlyFailed(t *testing.T) {
	for _, cs := range approvals.CallStates() {
		got := len(approvalstest.Sample(approvals.Done, cs).Retryable()) == 1
		if want := cs == approvals.Failed || cs == approvals.Lapsed || cs == approvals.Unknown; got != want {
			t.Errorf("%s: retryable %v, want %v", cs, got, want)
		}
	}
	r := approvalstest.Sample(approvals.Done, approvals.Failed)
	after, err := approvals.Next(r, approvals.Retry{As: "D-000000", Devices: []string{approvalstest.HexID}}, approvalstest.Start.Add(2*time.Hour))
	if err != nil || after.RetriedAs != "D-000000" || len(after.Retryable()) != 0 {
		t.Errorf("got %+v and %v", after.RetriedAs, err)
	}
}

// ended is a request whose only call failed, a while ago.
func (o *office) ended(ago time.Duration) approvals.Request {
	o.t.Helper()
	r := o.working("collect", 1, 0)
	r = apply(o.t, o.store, r, approvals.On{Call: 0, Event: approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}}})
	o.pass(ago)
	return r
}

// TestRetryLate: an approval does not last for ever. Past its time a click on
// Try again asks, and who asked before decides no more than who asks now.
func TestRetryLate(t *testing.T) {
	facts := func(p approvals.Person) approvals.Facts { return approvals.Facts{Person: p, Decides: true} }
	people := map[string]approvals.Facts{"U1": facts(approvalstest.Asker), "U2": facts(approvalstest.Leader), "U3": facts(approvalstest.Second)}
	ttl := approvalstest.Sample(approvals.Pending, "").Terms.ApprovalTTL
	for _, tt := range []struct {
		name   string
		ago    time.Duration
		asker  approvals.Facts
		by     string
		counts bool
	}{
		{"at once", 0, facts(approvalstest.Asker), "U2", true},
		{"in time", ttl - time.Second, facts(approvalstest.Asker), "U2", true},
		{"too late", ttl, facts(approvalstest.Asker), "U2", false},
		{"60 days later, the requester long deactivated", 1440 * time.Hour, approvals.Facts{Person: approvalstest.Asker, Deleted: true}, "U2", false},
		{"in time, the requester deactivated", 0, approvals.Facts{Person: approvalstest.Asker, Deleted: true}, "U2", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, nil, chatter{}, nil)
			people["U1"] = tt.asker
			d := newDeskFor(o.store, approvalstest.Town{People: people}, approvals.List{Users: []string{"U2", "U3", "U1"}})
			old := o.ended(tt.ago)
			made, err := d.Retry(t.Context(), pressed(tt.by, old.Place), old.ID, old.Digest())
			if err != nil {
				t.Fatal(err)
			}
			if counted := len(made.Approvals) == 1; counted != tt.counts || made.By.Is(approvalstest.Asker) != tt.counts {
				t.Fatalf("asked by %s with %d approvals, want an approval %v", made.By.ID, len(made.Approvals), tt.counts)
			}
			if tt.counts {
				return
			}
			got := apply(t, o.store, made, approvals.Resolve{Devices: made.Devices})
			if got.State != approvals.Pending || !made.By.Is(approvalstest.Leader) {
				t.Fatalf("it is %s, asked by %s", got.State, made.By.ID)
			}
			if _, err := d.Approve(t.Context(), pressed("U2", old.Place), got.ID, got.Digest()); !approvals.IsRefusal(err, approvals.OwnRequest) {
				t.Errorf("who clicked approves it: %v", err)
			}
			if _, err := d.Approve(t.Context(), pressed("U1", old.Place), got.ID, got.Digest()); err == nil {
				t.Error("who asked the first time approves it")
			} else if !tt.asker.Deleted && !approvals.IsRefusal(err, approvals.AskedFirst) {
				t.Errorf("who asked the first time approves it: %v", err)
			}
			if r, err := d.Approve(t.Context(), pressed("U3", old.Place), got.ID, got.Digest()); err != nil || r.State != approvals.Approved {
				t.Errorf("somebody else approves it: %s, %v", r.State, err)
			}
		})
	}
}

// TestRetryRequesterGone: a request of somebody who has left is not approved, and one
// that was approved in time is not sent.
func TestRetryRequesterGone(t *testing.T) {
	for name, change := range map[string]func(*approvals.Facts){
		"deactivated": func(f *approvals.Facts) { f.Deleted = true },
		"a guest now": func(f *approvals.Facts) { f.Guest = true },
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int64
			people := map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}}
			o := newOffice(t, func(_ http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
			}, chatter{}, approvalstest.Town{People: people})
			d := newTestDesk(o.store, approvalstest.Town{People: people})
			gone := people["U1"]
			change(&gone)

			waits, late := pendingOn(t, o.store, approvalstest.DeviceNo(7)), pendingOn(t, o.store, approvalstest.DeviceNo(8))
			click := pressed("U2", late.Place)
			if _, err := d.Deny(t.Context(), click, late.ID, late.Digest(), "no"); err != nil {
				t.Fatal(err)
			}
			sent := o.working("collect", 1, 0)
			people["U1"] = gone
			if r, err := d.Approve(t.Context(), pressed("U2", waits.Place), waits.ID, waits.Digest()); !approvals.IsRefusal(err, approvals.RequesterGone) {
				t.Errorf("approved: %s, %v", r.State, err)
			}
			click.On = Message{}
			if r, err := d.Deny(t.Context(), click, late.ID, late.Digest(), "no"); err != nil || r.State != approvals.Denied {
				t.Errorf("a click that was taken and comes again: %s, %v", r.State, err)
			}
			o.turns(20)
			if got := o.load(sent.ID); posts.Load() != 0 || got.Calls[0].State != approvals.Lapsed || got.Calls[0].Why.Reason != approvals.RequesterGone {
				t.Errorf("%d POSTs; the call is %s: %s", posts.Load(), got.Calls[0].State, got.Calls[0].Why.Reason)
			}
			delete(people, "U1") // nobody knows
			o.redis.FlushAll()
			unknown := o.working("collect", 1, 0)
			o.turns(20)
			if got := o.load(unknown.ID); posts.Load() != 0 || got.Calls[0].State != approvals.Queued || got.Calls[0].Why.Reason != approvals.RequesterUnchecked {
				t.Errorf("%d POSTs; the call is %s: %s", posts.Load(), got.Calls[0].State, got.Calls[0].Why.Reason)
			}
		})
	}
}

// TestRetryChain: a click on Try again is an approval once. A chain of them would
// keep one old wish alive for ever, on one person's clicks alone.
func TestRetryChain(t *testing.T) {
	people := approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}}}
	o := newOffice(t, nil, chatter{}, nil)
	d := newTestDesk(o.store, people)
	old := o.ended(time.Minute)
	first, err := d.Retry(t.Context(), pressed("U2", old.Place), old.ID, old.Digest())
	if err != nil || len(first.Approvals) != 1 {
		t.Fatalf("%d approvals, %v", len(first.Approvals), err)
	}
	first = apply(t, o.store, first, approvals.Resolve{Devices: first.Devices})
	first = apply(t, o.store, first, approvals.On{Call: 0, Event: approvals.Lapse{Why: approvals.Why{Reason: approvals.ExecutionLapsed}}})
	again, err := d.Retry(t.Context(), pressed("U2", old.Place), first.ID, first.Digest())
	if err != nil || len(again.Approvals) != 0 || !again.By.Is(approvalstest.Leader) || !again.Bars(approvalstest.Asker) {
		t.Errorf("asked by %s with %d approvals (%v), want a request of who pressed", again.By.ID, len(again.Approvals), err)
	}
}

// TestDeskApproveUnderLaterID: the workspace has joined an organisation since, and
// everybody in the record has a second id by now.
func TestDeskApproveUnderLaterID(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	inOrg := func(id, org string) approvals.Facts {
		return approvals.Facts{Person: approvals.Person{ID: id, Enterprise: org}}
	}
	d := newDeskFor(o.store, approvalstest.Town{People: map[string]approvals.Facts{
		"U1": inOrg("U1", "W1"), "W1": inOrg("W1", "W1"), "U2": inOrg("U2", "W2"), "W2": inOrg("W2", "W2"),
		"U3": inOrg("U3", "W3"),
	}}, approvals.List{Users: []string{"U2", "U3", "W1", "W2"}})
	a := approvalstest.Asked(approvalstest.DeviceNo(1))
	a.Terms.Needed = 2
	r, err := o.store.Create(t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, approvals.Resolve{Devices: r.Devices})
	if _, err := d.Approve(t.Context(), pressed("W1", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.OwnRequest) {
		t.Errorf("the requester under the other id: %v", err)
	}
	r = apply(t, o.store, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}) // recorded without the organisation's id
	if _, err := d.Approve(t.Context(), pressed("W2", r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, approvals.AlreadyApproved) {
		t.Errorf("the approver under the other id: %v", err)
	}
	if r, err = d.Approve(t.Context(), pressed("U3", r.Place), r.ID, r.Digest()); err != nil || r.State != approvals.Approved {
		t.Errorf("somebody else: %s, %v", r.State, err)
	}
}

// TestDeskGroupUnread has a group of approvers that cannot be read. Whoever is
// the requester or an approver by id does not meet it; everybody else is told
// the true cause.
func TestDeskGroupUnread(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		c := newCrowd()
		c.broken["S1"] = approvalstest.ErrDown
		d := newDeskFor(s, c, approvals.List{Users: []string{"U2"}, Groups: []string{"S1"}})
		is := func(what string, err error, want approvals.Reason) {
			t.Helper()
			if want == "" && err != nil || want != "" && (!approvals.IsRefusal(err, want) || !errors.Is(err, approvalstest.ErrDown)) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		r := pendingOn(t, s, approvalstest.DeviceNo(7))
		_, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest())
		is("somebody else approves", err, approvals.NotKnown)
		_, err = d.Deny(t.Context(), pressed("U9", r.Place), r.ID, r.Digest(), "no")
		is("somebody else denies", err, approvals.NotKnown)
		_, err = d.Cancel(t.Context(), pressed("U9", r.Place), r.ID)
		is("somebody else cancels", err, approvals.NotKnown)
		_, err = d.MayDeny(t.Context(), pressed("U9", r.Place), r.ID, r.Digest())
		is("somebody else opens the form", err, approvals.NotKnown)
		_, err = d.Approve(t.Context(), pressed("U2", r.Place), r.ID, r.Digest())
		is("an approver by id approves", err, "")
		r = pendingOn(t, s, approvalstest.DeviceNo(8))
		_, err = d.Cancel(t.Context(), pressed("U1", r.Place), r.ID)
		is("the requester cancels", err, "")

		old := failed(t, s)
		_, err = d.Retry(t.Context(), pressed("U9", old.Place), old.ID, old.Digest())
		is("somebody else tries again", err, approvals.NotKnown)
		made, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest())
		is("the requester tries again", err, "")
		if len(made.Approvals) != 0 || made.By.ID != "U1" {
			t.Errorf("made %+v", made)
		}
		wish := Wish{Action: old.Action, Devices: []approvals.Device{approvalstest.DeviceNo(9)}, Comment: "why"}
		_, err = d.Ask(t.Context(), pressed("U1", old.Place), wish)
		is("somebody asks", err, "")
		wish.Devices = []approvals.Device{approvalstest.DeviceNo(10)}
		_, err = d.Ask(t.Context(), pressed("U2", old.Place), wish)
		is("the only one who could be read asks", err, approvals.NotKnown)
	})
}
