package approvals

import (
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/internal/redistest"
)

// failed is a request of three devices: one succeeded, one failed, one is not
// known.
func failed(t *testing.T, s *Store) Request {
	t.Helper()
	r := approved(t, s, device(1), device(2), device(3))
	for i, e := range []CallEvent{Report{Job: Job{ID: "j0"}, As: Succeeded}, nil, GiveUp{Why: Why{Reason: TookTooLong}}} {
		if i == 1 {
			r = apply(t, s, r, On{1, Lapse{Why: Why{Reason: ExecutionLapsed}}})
			continue
		}
		got, err := s.Apply(t.Context(), newOp(), r, sending(s, i))
		if err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, got, On{i, Accept{Attempt: 1, Job: Job{ID: "j" + string(rune('0'+i))}}})
		r = apply(t, s, r, On{i, e})
	}
	if r.State != Done || r.Outcome() != Partly {
		t.Fatalf("got %s, %s", r.State, r.Outcome())
	}
	return r
}

func newTestDesk(s *Store, people Directory) *Desk {
	return newDeskFor(s, people, List{Users: []string{"U2", "U3"}})
}

func newDeskFor(s *Store, people Directory, approvers List) *Desk {
	p := Policy{Approvers: approvers, Needed: 1}
	w := NewWorker(WorkerConfig{Store: s, People: people, Policy: p, Log: slog.New(slog.DiscardHandler)})
	return NewDesk(DeskConfig{Store: s, People: people, Policy: p, Roster: NewRoster(people, p, slog.New(slog.DiscardHandler)), Worker: w, Terms: sample(Pending, "").Terms, MaxOpen: 5})
}

// pressed is a click of a user on the card in that place.
func pressed(user string, place Place) By {
	return By{Op: newOp().ID, User: user, Place: place, On: Message{Copy: true}}
}

func TestTryAgain(t *testing.T) {
	people := town{people: map[string]Facts{
		"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}, "U9": {Person: Person{ID: "U9"}},
	}}
	redistest.Each(t, func(t *testing.T, addr string) {
		actions := testActions()
		actions[0].Post.Limits[0].Calls, actions[0].Post.Limits[1].Calls = 50, 50
		s := newTestStore(t, redistest.Client(t, addr), actions)
		d := newTestDesk(s, people)
		old := failed(t, s)
		by := func(user string) By { return pressed(user, old.Place) }

		if _, err := d.Retry(t.Context(), by("U9"), old.ID, old.Digest()); !isNo(err, NotYours) {
			t.Errorf("somebody else: %v", err)
		}
		if _, err := d.Retry(t.Context(), by("U2"), old.ID, "else"); !isNo(err, ShownDiffers) {
			t.Errorf("another card: %v", err)
		}
		made, err := d.Retry(t.Context(), by("U2"), old.ID, old.Digest())
		if err != nil {
			t.Fatal(err)
		}
		if made.RetryOf != old.ID || !made.By.Is(asker) || len(made.Devices) != 2 || made.Devices[0].ID != device(2).ID || made.Comment != old.Comment {
			t.Errorf("made %+v", made)
		}
		if len(made.Approvals) != 1 || made.Approvals[0].By.ID != "U2" {
			t.Errorf("the approver's click is no approval: %+v", made.Approvals)
		}
		if _, err := d.Retry(t.Context(), by("U3"), old.ID, old.Digest()); !isNo(err, AlreadyRetried) {
			t.Errorf("before the old record says so: %v", err)
		}
		if err := (&Worker{store: s}).mark(t.Context(), made); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Load(t.Context(), old.ID); err != nil || got.RetriedAs != made.ID || got.Visible != old.Visible+1 {
			t.Errorf("the old one says retried as %q, %v", got.RetriedAs, err)
		}
		if _, err := d.Retry(t.Context(), by("U3"), old.ID, old.Digest()); !isNo(err, AlreadyRetried) {
			t.Errorf("a second time: %v", err)
		}
		devices := []Device{{ID: device(2).ID, Verified: true}, {ID: device(3).ID, Verified: true}}
		if got := apply(t, s, made, Resolve{Devices: devices}); got.State != Approved || len(got.Calls) != 2 || got.ApprovedAt().Before(got.Opened) {
			t.Errorf("with its approval it is %s with %d calls, approved at %s", got.State, len(got.Calls), got.ApprovedAt())
		}
	})
}

func TestARetryByTheRequesterNeedsAnApprover(t *testing.T) {
	people := town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}}}
	redistest.Each(t, func(t *testing.T, addr string) {
		actions := testActions()
		actions[0].Post.Limits[0].Calls, actions[0].Post.Limits[1].Calls = 50, 50
		s := newTestStore(t, redistest.Client(t, addr), actions)
		d := newTestDesk(s, people)
		old := failed(t, s)
		made, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest())
		if err != nil || len(made.Approvals) != 0 {
			t.Fatalf("made with %d approvals, %v", len(made.Approvals), err)
		}
		got := apply(t, s, made, Resolve{Devices: made.Devices})
		if got.State != Pending {
			t.Errorf("it is %s, want pending", got.State)
		}
		if _, err := d.Approve(t.Context(), pressed("U1", old.Place), made.ID, got.Digest()); !isNo(err, OwnRequest) {
			t.Errorf("the first requester approves the retry: %v", err)
		}
	})
}

// TestAConcurrentRetryIsMadeOnce lets two people try again at once; the claim
// in the index decides, not what either of them had read.
func TestAConcurrentRetryIsMadeOnce(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), testActions())
		r := asked(device(1))
		r.RetryOf = "D-000000"
		if _, err := s.Create(t.Context(), newOp(), r, 0); err != nil {
			t.Fatal(err)
		}
		other := asked(device(2))
		other.RetryOf = "D-000000"
		if _, err := s.Create(t.Context(), newOp(), other, 0); !isNo(err, AlreadyRetried) {
			t.Errorf("a second retry of the same request: %v", err)
		}
	})
}

func TestOnlyWhatDidNotWorkIsRetryable(t *testing.T) {
	for _, cs := range CallStates() {
		got := len(sample(Done, cs).Retryable()) == 1
		if want := cs == Failed || cs == Lapsed || cs == Unknown; got != want {
			t.Errorf("%s: retryable %v, want %v", cs, got, want)
		}
		if cs == Failed && len(sample(Approved, cs).Retryable()) != 0 {
			t.Error("retryable before it is done")
		}
	}
	r := sample(Done, Failed)
	after, err := next(r, Retry{As: "D-000000"}, start.Add(2*time.Hour))
	if err != nil || after.RetriedAs != "D-000000" || len(after.Retryable()) != 0 {
		t.Errorf("got %+v and %v", after.RetriedAs, err)
	}
}

// ended is a request whose only call failed, a while ago.
func (o *office) ended(ago time.Duration) Request {
	o.t.Helper()
	r := o.working("collect", 1, 0)
	r = apply(o.t, o.store, r, On{0, Lapse{Why: Why{Reason: ExecutionLapsed}}})
	o.pass(ago)
	return r
}

// TestRetryLate: an approval does not last for ever. Past its time a click on
// Try again asks, and who asked before decides no more than who asks now.
func TestRetryLate(t *testing.T) {
	facts := func(p Person) Facts { return Facts{Person: p, Decides: true} }
	people := map[string]Facts{"U1": facts(asker), "U2": facts(leader), "U3": facts(second)}
	ttl := sample(Pending, "").Terms.ApprovalTTL
	for _, tt := range []struct {
		name   string
		ago    time.Duration
		asker  Facts
		by     string
		counts bool
	}{
		{"at once", 0, facts(asker), "U2", true},
		{"in time", ttl - time.Second, facts(asker), "U2", true},
		{"too late", ttl, facts(asker), "U2", false},
		{"60 days later, the requester long deactivated", 1440 * time.Hour, Facts{Person: asker, Deleted: true}, "U2", false},
		{"in time, the requester deactivated", 0, Facts{Person: asker, Deleted: true}, "U2", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, nil, chatter{}, nil)
			people["U1"] = tt.asker
			d := newTestDesk(o.store, town{people: people})
			d.policy.Approvers.Users = append(d.policy.Approvers.Users, "U1")
			old := o.ended(tt.ago)
			made, err := d.Retry(t.Context(), pressed(tt.by, old.Place), old.ID, old.Digest())
			if err != nil {
				t.Fatal(err)
			}
			if counted := len(made.Approvals) == 1; counted != tt.counts || made.By.Is(asker) != tt.counts {
				t.Fatalf("asked by %s with %d approvals, want an approval %v", made.By.ID, len(made.Approvals), tt.counts)
			}
			if tt.counts {
				return
			}
			got := apply(t, o.store, made, Resolve{Devices: made.Devices})
			if got.State != Pending || !made.By.Is(leader) {
				t.Fatalf("it is %s, asked by %s", got.State, made.By.ID)
			}
			if _, err := d.Approve(t.Context(), pressed("U2", old.Place), got.ID, got.Digest()); !isNo(err, OwnRequest) {
				t.Errorf("who clicked approves it: %v", err)
			}
			if _, err := d.Approve(t.Context(), pressed("U1", old.Place), got.ID, got.Digest()); err == nil {
				t.Error("who asked the first time approves it")
			} else if !tt.asker.Deleted && !isNo(err, AskedFirst) {
				t.Errorf("who asked the first time approves it: %v", err)
			}
			if r, err := d.Approve(t.Context(), pressed("U3", old.Place), got.ID, got.Digest()); err != nil || r.State != Approved {
				t.Errorf("somebody else approves it: %s, %v", r.State, err)
			}
		})
	}
}

// TestRequesterGone: a request of somebody who has left is not approved, and one
// that was approved in time is not sent.
func TestRequesterGone(t *testing.T) {
	for name, change := range map[string]func(*Facts){
		"deactivated": func(f *Facts) { f.Deleted = true },
		"a guest now": func(f *Facts) { f.Guest = true },
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int64
			people := map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}}
			o := newOffice(t, func(_ http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
			}, chatter{}, town{people: people})
			d := newTestDesk(o.store, town{people: people})
			gone := people["U1"]
			change(&gone)

			waits, late := pendingOn(t, o.store, device(7)), pendingOn(t, o.store, device(8))
			click := pressed("U2", late.Place)
			if _, err := d.Deny(t.Context(), click, late.ID, late.Digest(), "no"); err != nil {
				t.Fatal(err)
			}
			sent := o.working("collect", 1, 0)
			people["U1"] = gone
			if r, err := d.Approve(t.Context(), pressed("U2", waits.Place), waits.ID, waits.Digest()); !isNo(err, RequesterGone) {
				t.Errorf("approved: %s, %v", r.State, err)
			}
			click.On = Message{}
			if r, err := d.Deny(t.Context(), click, late.ID, late.Digest(), "no"); err != nil || r.State != Denied {
				t.Errorf("a click that was taken and comes again: %s, %v", r.State, err)
			}
			o.turns(20)
			if got := o.load(sent.ID); posts.Load() != 0 || got.Calls[0].State != Lapsed || got.Calls[0].Why.Reason != RequesterGone {
				t.Errorf("%d POSTs; the call is %s: %s", posts.Load(), got.Calls[0].State, got.Calls[0].Why.Reason)
			}
			delete(people, "U1")         // nobody knows
			o.store.keys.team = "A2:T1:" // requests of their own
			unknown := o.working("collect", 1, 0)
			o.turns(20)
			if got := o.load(unknown.ID); posts.Load() != 0 || got.Calls[0].State != Queued || got.Calls[0].Why.Reason != RequesterUnchecked {
				t.Errorf("%d POSTs; the call is %s: %s", posts.Load(), got.Calls[0].State, got.Calls[0].Why.Reason)
			}
		})
	}
}

// TestRetryChain: a click on Try again is an approval once. A chain of them would
// keep one old wish alive for ever, on one person's clicks alone.
func TestRetryChain(t *testing.T) {
	people := town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}}}
	o := newOffice(t, nil, chatter{}, nil)
	d := newTestDesk(o.store, people)
	old := o.ended(time.Minute)
	first, err := d.Retry(t.Context(), pressed("U2", old.Place), old.ID, old.Digest())
	if err != nil || len(first.Approvals) != 1 {
		t.Fatalf("%d approvals, %v", len(first.Approvals), err)
	}
	first = apply(t, o.store, first, Resolve{Devices: first.Devices})
	first = apply(t, o.store, first, On{0, Lapse{Why: Why{Reason: ExecutionLapsed}}})
	again, err := d.Retry(t.Context(), pressed("U2", old.Place), first.ID, first.Digest())
	if err != nil || len(again.Approvals) != 0 || !again.By.Is(leader) || !again.bars(asker) {
		t.Errorf("asked by %s with %d approvals (%v), want a request of who pressed", again.By.ID, len(again.Approvals), err)
	}
}

// TestApproveUnderALaterID: the workspace has joined an organisation since, and
// everybody in the record has a second id by now.
func TestApproveUnderALaterID(t *testing.T) {
	o := newOffice(t, nil, chatter{}, nil)
	inOrg := func(id, org string) Facts { return Facts{Person: Person{ID: id, Enterprise: org}} }
	d := newTestDesk(o.store, town{people: map[string]Facts{
		"U1": inOrg("U1", "W1"), "W1": inOrg("W1", "W1"), "U2": inOrg("U2", "W2"), "W2": inOrg("W2", "W2"),
		"U3": inOrg("U3", "W3"),
	}})
	d.policy.Approvers = List{Users: []string{"U2", "U3", "W1", "W2"}}
	a := asked(device(1))
	a.Terms.Needed = 2
	r, err := o.store.Create(t.Context(), newOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, o.store, r, Resolve{Devices: r.Devices})
	if _, err := d.Approve(t.Context(), pressed("W1", r.Place), r.ID, r.Digest()); !isNo(err, OwnRequest) {
		t.Errorf("the requester under the other id: %v", err)
	}
	r = apply(t, o.store, r, Approve{By: leader, Digest: r.Digest()}) // recorded without the organisation's id
	if _, err := d.Approve(t.Context(), pressed("W2", r.Place), r.ID, r.Digest()); !isNo(err, AlreadyApproved) {
		t.Errorf("the approver under the other id: %v", err)
	}
	if r, err = d.Approve(t.Context(), pressed("U3", r.Place), r.ID, r.Digest()); err != nil || r.State != Approved {
		t.Errorf("somebody else: %s, %v", r.State, err)
	}
}

// TestDeskGroupUnread has a group of approvers that cannot be read. Whoever is
// the requester or an approver by id does not meet it; everybody else is told
// the true cause.
func TestDeskGroupUnread(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		actions := testActions()
		actions[0].Post.Limits[0].Calls, actions[0].Post.Limits[1].Calls = 50, 50
		s := newTestStore(t, redistest.Client(t, addr), actions)
		c := newCrowd()
		c.broken["S1"] = errTownDown
		d := newDeskFor(s, c, List{Users: []string{"U2"}, Groups: []string{"S1"}})
		is := func(what string, err error, want Reason) {
			t.Helper()
			if want == "" && err != nil || want != "" && (!isNo(err, want) || !errors.Is(err, errTownDown)) {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		r := pendingOn(t, s, device(7))
		_, err := d.Approve(t.Context(), pressed("U9", r.Place), r.ID, r.Digest())
		is("somebody else approves", err, NotKnown)
		_, err = d.Deny(t.Context(), pressed("U9", r.Place), r.ID, r.Digest(), "no")
		is("somebody else denies", err, NotKnown)
		_, err = d.Cancel(t.Context(), pressed("U9", r.Place), r.ID)
		is("somebody else cancels", err, NotKnown)
		is("somebody else opens the form", d.MayDecide(t.Context(), "U9"), NotKnown)
		_, err = d.Approve(t.Context(), pressed("U2", r.Place), r.ID, r.Digest())
		is("an approver by id approves", err, "")
		r = pendingOn(t, s, device(8))
		_, err = d.Cancel(t.Context(), pressed("U1", r.Place), r.ID)
		is("the requester cancels", err, "")

		old := failed(t, s)
		_, err = d.Retry(t.Context(), pressed("U9", old.Place), old.ID, old.Digest())
		is("somebody else tries again", err, NotKnown)
		made, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest())
		is("the requester tries again", err, "")
		if len(made.Approvals) != 0 || made.By.ID != "U1" {
			t.Errorf("made %+v", made)
		}
		wish := Wish{Action: old.Action, Devices: []Device{device(9)}, Comment: "why"}
		_, err = d.Ask(t.Context(), pressed("U1", old.Place), wish)
		is("somebody asks", err, "")
		wish.Devices = []Device{device(10)}
		_, err = d.Ask(t.Context(), pressed("U2", old.Place), wish)
		is("the only one who could be read asks", err, NotKnown)
	})
}
