package office

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// went is a request for an action that ended with these answers to its calls.
func went(t *testing.T, s *ledger.Store, action string, answers ...approvals.CallEvent) approvals.Request {
	t.Helper()
	a := approvalstest.Asked()
	a.Action = action
	for i := range answers {
		a.Devices = append(a.Devices, approvalstest.DeviceNo(i))
	}
	r, err := s.Create(t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		t.Fatal(err)
	}
	r = apply(t, s, r, approvals.Resolve{Devices: r.Devices})
	r = apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	for i, e := range answers {
		if r, err = s.Apply(t.Context(), ledger.NewOp(), r, sending(s, i)); err != nil {
			t.Fatal(err)
		}
		r = apply(t, s, r, approvals.On{Call: i, Event: e})
	}
	return r
}

func hasEnded() approvals.CallEvent {
	return approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.Ended}}
}

func succeeded(id string) approvals.CallEvent {
	return approvals.Accept{Attempt: 1, Job: approvals.Job{ID: id}, As: approvals.Succeeded}
}

// fourPeople are who is there when something is asked for from a card: U9 is no approver.
func fourPeople() approvalstest.Town {
	return approvalstest.Town{People: map[string]approvals.Facts{
		"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second},
		"U9": {Person: approvals.Person{ID: "U9"}},
	}}
}

// TestDeskFollowUp: the successor of what has ended, and the opposite of what succeeded,
// are requests of whoever pressed, for the devices concerned; who asked before may decide
// on the opposite and not on the successor, and who pressed on neither.
func TestDeskFollowUp(t *testing.T) {
	for name, tt := range map[string]struct {
		how             approvals.How
		action, becomes string
		answers         []approvals.CallEvent
		devices         []int
		barred          []approvals.Person
		first           approvals.Reason // of the first requester's approval; empty: it counts
	}{
		"successor": {
			approvals.AsSuccessor, "investigate", "scan",
			[]approvals.CallEvent{hasEnded(), succeeded("7"), hasEnded(), approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.MissingRole}}},
			[]int{0, 2},
			[]approvals.Person{approvalstest.Asker},
			approvals.AskedFirst,
		},
		"undo": {approvals.AsUndo, "isolate", "unisolate", []approvals.CallEvent{succeeded("j1"), hasEnded()}, []int{0}, nil, ""},
	} {
		redistest.Each(t, func(t *testing.T, addr string) {
			s := newTestStore(t, redistest.Client(t, addr), roomyActions())
			d := newDeskFor(s, fourPeople(), approvals.List{Users: []string{"U1", "U2", "U3"}})
			old := went(t, s, tt.action, tt.answers...)
			press := pressed("U2", old.Place)
			made, err := d.FollowUp(t.Context(), press, old.ID, old.Digest(), tt.how)
			if err != nil {
				t.Fatal(name, err)
			}
			want := approvals.Request{
				Action: tt.becomes, Comment: old.Comment, By: approvalstest.Leader, Place: old.Place, Barred: tt.barred,
				From: approvals.Origin{Request: old.ID, How: tt.how}, State: approvals.Checking,
			}
			for _, n := range tt.devices {
				want.Devices = append(want.Devices, approvalstest.DeviceNo(n))
			}
			got := made
			got.ID, got.Asked, got.Terms, got.Version, got.Visible = "", want.Asked, want.Terms, 0, 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if action, _ := s.Action(tt.becomes); made.Terms.Excludes != action.Excludes || made.Terms.Horizon != action.Horizon {
				t.Errorf("%s: terms %+v are not those of %s", name, made.Terms, tt.becomes)
			}
			if again, err := d.FollowUp(t.Context(), press, old.ID, old.Digest(), tt.how); err != nil || again.ID != made.ID {
				t.Errorf("%s, delivered twice: %s, %v; want %s", name, again.ID, err, made.ID)
			}
			if _, err := d.FollowUp(t.Context(), pressed("U3", old.Place), old.ID, old.Digest(), tt.how); approvals.OpenElsewhere(err) != made.ID {
				t.Errorf("%s, pressed again while it is open: %v", name, err)
			}
			if err := (&Worker{store: s}).markOrigin(t.Context(), made); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Load(t.Context(), old.ID); err != nil || !cmp.Equal(got.Followed, []approvals.Followed{{How: tt.how, Action: tt.becomes, As: made.ID}}) {
				t.Errorf("%s: the old record says %+v, %v", name, got.Followed, err)
			}
			made = apply(t, s, made, approvals.Resolve{Devices: made.Devices})
			for who, why := range map[string]approvals.Reason{"U2": approvals.OwnRequest, "U9": approvals.NotAnApprover} {
				if _, err := d.Approve(t.Context(), pressed(who, old.Place), made.ID, made.Digest()); !approvals.IsRefusal(err, why) {
					t.Errorf("%s approved by %s: %v, want %s", name, who, err, why)
				}
			}
			_, err = d.Approve(t.Context(), pressed("U1", old.Place), made.ID, made.Digest())
			if tt.first == "" && err != nil || tt.first != "" && !approvals.IsRefusal(err, tt.first) {
				t.Errorf("%s approved by the first requester: %v, want %q", name, err, tt.first)
			}
			if tt.first != "" {
				if got, err := d.Approve(t.Context(), pressed("U3", old.Place), made.ID, made.Digest()); err != nil || got.State != approvals.Approved {
					t.Errorf("%s approved by a third: %s, %v", name, got.State, err)
				}
			}
		})
	}
}

// TestDeskFollowUpByFirstRequester: who asked for what has ended may ask for its successor
// too, and a third person decides.
func TestDeskFollowUpByFirstRequester(t *testing.T) {
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
	d := newTestDesk(s, fourPeople())
	old := went(t, s, "investigate", hasEnded())
	made, err := d.FollowUp(t.Context(), pressed("U1", old.Place), old.ID, old.Digest(), approvals.AsSuccessor)
	if err != nil || len(made.Barred) != 0 || !made.By.Is(approvalstest.Asker) {
		t.Errorf("made %+v, %v", made, err)
	}
}

// TestDeskFollowUpRefused: what follows from nothing, is asked for by somebody who may not
// ask, or was pressed anywhere but on the card, is not recorded.
func TestDeskFollowUpRefused(t *testing.T) {
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
	d := newTestDesk(s, fourPeople())
	d.people.policy.Default.Requesters = approvals.List{Users: []string{"U1"}}
	ended, isolated := went(t, s, "investigate", hasEnded()), went(t, s, "isolate", succeeded("j1"))
	collected := went(t, s, "collect", succeeded("j2"))
	elsewhere := pressed("U1", ended.Place)
	elsewhere.On = Message{TS: "9.9"}
	for name, tt := range map[string]struct {
		by     By
		old    approvals.Request
		digest string
		how    approvals.How
		want   approvals.Reason
	}{
		"not one who asks":    {pressed("U2", ended.Place), ended, "", approvals.AsSuccessor, approvals.NotARequester},
		"the opposite":        {pressed("U2", isolated.Place), isolated, "", approvals.AsUndo, approvals.NotARequester},
		"shown as else":       {pressed("U1", ended.Place), ended, "0000", approvals.AsSuccessor, approvals.ShownDiffers},
		"not on the card":     {elsewhere, ended, "", approvals.AsSuccessor, approvals.OtherMessage},
		"nothing succeeded":   {pressed("U1", ended.Place), ended, "", approvals.AsUndo, approvals.NothingFollows},
		"nothing to undo":     {pressed("U1", collected.Place), collected, "", approvals.AsUndo, approvals.NothingFollows},
		"nothing has ended":   {pressed("U1", isolated.Place), isolated, "", approvals.AsSuccessor, approvals.NothingFollows},
		"no such way":         {pressed("U1", isolated.Place), isolated, "", "else", approvals.NothingFollows},
		"nobody could decide": {pressed("U1", isolated.Place), isolated, "", approvals.AsUndo, approvals.NobodyElse},
	} {
		d := d
		if tt.want == approvals.NobodyElse {
			d = newDeskFor(s, fourPeople(), approvals.List{Users: []string{"U1"}})
		}
		if tt.digest == "" {
			tt.digest = tt.old.Digest()
		}
		if r, err := d.FollowUp(t.Context(), tt.by, tt.old.ID, tt.digest, tt.how); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %s, %v; want %s", name, r.ID, err, tt.want)
		}
	}
}

// TestDeskRetryEnded: Try again is about what can succeed: not about what has ended, and
// not here for a day.
func TestDeskRetryEnded(t *testing.T) {
	s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
	d := newTestDesk(s, fourPeople())
	old := went(t, s, "investigate", hasEnded())
	if _, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest()); !approvals.IsRefusal(err, approvals.NothingToRetry) {
		t.Errorf("only what has ended: %v", err)
	}
	old = went(t, s, "investigate", hasEnded(), approvals.Fail{Attempt: 1, Why: approvals.Why{Reason: approvals.MissingRole}})
	got, err := d.Retry(t.Context(), pressed("U1", old.Place), old.ID, old.Digest())
	if !approvals.IsRefusal(err, approvals.Ended) || got.ID != old.ID {
		t.Errorf("made %s, %v; want it refused", got.ID, err)
	}
	if again := old.Unfinished(); len(again) != 1 || again[0].ID != approvalstest.DeviceNo(1).ID {
		t.Errorf("tries %+v again, want the other device", again)
	}
}

// TestDeskAskEnded: what Defender refused as ended is refused before it is recorded, with
// since when; all the same, it is taken.
func TestDeskAskEnded(t *testing.T) {
	redistest.Each(t, func(t *testing.T, addr string) {
		s := newTestStore(t, redistest.Client(t, addr), roomyActions())
		d := newTestDesk(s, fourPeople())
		old := went(t, s, "investigate", hasEnded())
		by := By{Op: ledger.NewOp().ID, User: "U1", Place: old.Place}
		wish := Wish{Action: "investigate", Devices: []approvals.Device{approvalstest.DeviceNo(5)}, Comment: "odd"}
		_, err := d.Ask(t.Context(), by, wish)
		refused, _ := approvals.AsRefusal(err)
		if !approvals.IsRefusal(err, approvals.Ended) || refused.Why.Since.IsZero() {
			t.Errorf("asked: %v", err)
		}
		wish.Anyway = true
		by.Op = ledger.NewOp().ID
		if r, err := d.Ask(t.Context(), by, wish); err != nil || r.State != approvals.Checking {
			t.Errorf("all the same: %s, %v", r.State, err)
		}
	})
}
