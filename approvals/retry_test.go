package approvals

import (
	"log/slog"
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
	p := Policy{Approvers: List{Users: []string{"U2", "U3"}}, Needed: 1}
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
