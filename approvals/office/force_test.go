package office

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
)

// alone is an office and a desk where U1, U2 and U3 approve and may act alone, and the reach
// of a person is that many devices an hour. The Defender knows every device and counts calls.
func alone(t *testing.T, reach int, approvers ...string) (o *office, d *Desk, posts *atomic.Int64, comment *atomic.Value) {
	t.Helper()
	posts, comment = new(atomic.Int64), new(atomic.Value)
	o = newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			comment.Store(string(body))
			posts.Add(1)
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"error":{"code":"Forbidden","message":"no"}}`)
			return
		}
		io.WriteString(w, `{"id":"`+r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]+`","computerDnsName":"srv-1","osPlatform":"Windows11","onboardingStatus":"Onboarded","healthStatus":"Active"}`)
	}, chatter{}, nil)
	p := ruled(approvals.Rule{Approvers: approvals.List{Users: approvers}, Needed: 1})
	p.BreakGlass = true
	roster := NewRoster(o.people.dir, p, slog.New(slog.DiscardHandler))
	o.people.policy, o.roster = p, roster
	terms := approvalstest.Sample(approvals.Pending, "").Terms
	terms.Reach = reach
	return o, NewDesk(DeskConfig{Store: o.store, People: o.people.dir, Policy: p, Roster: roster, Worker: o.Worker, Terms: terms, MaxOpen: 1}), posts, comment
}

func from(user string) By {
	return By{Op: ledger.NewOp().ID, User: user, Place: approvals.Place{Team: "T1", Channel: "C1"}}
}

func wishFor(devices ...int) Wish {
	w := Wish{Action: "collect", Comment: "why"}
	for _, n := range devices {
		w.Devices = append(w.Devices, approvalstest.DeviceNo(n))
	}
	return w
}

// TestForce: an approver acts alone; the call is made with nobody's approval, and its review
// stays open until another approver closes it.
func TestForce(t *testing.T) {
	o, d, posts, comment := alone(t, 40, "U1", "U2")
	r, err := d.Force(t.Context(), from("U1"), wishFor(1))
	if err != nil || r.State != approvals.Checking || !r.Forced {
		t.Fatalf("%v, %+v", err, r)
	}
	o.turns(20)
	r = o.load(r.ID)
	said, _ := comment.Load().(string)
	if posts.Load() != 1 || r.State != approvals.Done || len(r.Approvals) != 0 || !strings.Contains(said, "approved by nobody (break-glass)]") {
		t.Fatalf("%d calls, %s, %v: %s", posts.Load(), r.State, r.Approvals, said)
	}
	for user, want := range map[string]approvals.Reason{"U1": approvals.OwnRequest, "U3": approvals.NotAnApprover} {
		if _, err := d.Review(t.Context(), pressed(user, r.Place), r.ID, r.Digest(), "fine"); !approvals.IsRefusal(err, want) {
			t.Errorf("reviewed by %s: %v, want %s", user, err, want)
		}
		if _, err := d.MayReview(t.Context(), pressed(user, r.Place), r.ID, r.Digest()); !approvals.IsRefusal(err, want) {
			t.Errorf("the form for %s: %v, want %s", user, err, want)
		}
	}
	home, err := d.HomeOf(t.Context(), By{User: "U2", Place: approvals.Place{Team: "T1"}, Home: true})
	if err != nil || len(home.Waiting.Requests) != 1 {
		t.Errorf("the home of another approver has %d that wait, %v; want the review", len(home.Waiting.Requests), err)
	}
	o.pass(24 * time.Hour)
	o.turns(20)
	if r = o.load(r.ID); r.Notices[len(r.Notices)-1].Kind != approvals.NoticeReview {
		t.Errorf("after a day nobody is reminded: %+v", r.Notices)
	}
	if r, err = d.Review(t.Context(), pressed("U2", r.Place), r.ID, r.Digest(), "it was right"); err != nil || r.UnderReview() {
		t.Errorf("%v, %+v", err, r.Review)
	}
}

// TestForceWithoutCard: where the channel does not take the card, the review waits on the homes
// of the others and is closed there.
func TestForceWithoutCard(t *testing.T) {
	o, d, _, _ := alone(t, 40, "U1", "U2")
	o.chat = chatter{show: func(approvals.Request) (string, error) {
		return "", &approvals.NoPlace{Why: approvals.Why{Reason: approvals.ChannelArchived}, Err: errors.New("is_archived")}
	}}
	r, err := d.Force(t.Context(), from("U1"), wishFor(1))
	if err != nil {
		t.Fatal(err)
	}
	o.turns(20)
	r = o.load(r.ID)
	athome := By{Op: ledger.NewOp().ID, User: "U2", Place: approvals.Place{Team: "T1"}, Home: true}
	home, err := d.HomeOf(t.Context(), athome)
	if err != nil || r.Card.TS != "" || len(home.Waiting.Requests) != 1 {
		t.Fatalf("%v, card %q, %d wait for the other approver, want the review", err, r.Card.TS, len(home.Waiting.Requests))
	}
	if r, err = d.Review(t.Context(), athome, r.ID, r.Digest(), "it was right"); err != nil || r.UnderReview() {
		t.Errorf("%v, %+v", err, r.Review)
	}
}

// TestForceTwin: whoever acted alone does not review it under another id.
func TestForceTwin(t *testing.T) {
	o, d, _, _ := alone(t, 40, "U1", "U2")
	r, err := d.Force(t.Context(), from("U1"), wishFor(1))
	if err != nil {
		t.Fatal(err)
	}
	o.turns(20)
	town, _ := o.people.dir.(approvalstest.Town)
	for _, id := range []string{"U1", "U2"} { // the workspace has joined an organisation since
		f := town.People[id]
		f.Enterprise = "W1"
		town.People[id] = f
	}
	if _, err := d.Review(t.Context(), pressed("U2", r.Place), r.ID, o.load(r.ID).Digest(), "fine"); !approvals.IsRefusal(err, approvals.OwnRequest) {
		t.Errorf("%v, want that it is their own", err)
	}
}

// TestForceRefused: nobody acts alone who may not, and nothing is recorded.
func TestForceRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		by        string
		approvers []string
		off       bool
		reach     int
		want      approvals.Reason
	}{
		"no approver":           {"U3", []string{"U1", "U2"}, false, 40, approvals.NotAnApprover},
		"break-glass is off":    {"U1", []string{"U1", "U2"}, true, 40, approvals.NoBreakGlass},
		"nobody could review":   {"U1", []string{"U1"}, false, 40, approvals.NobodyElse},
		"beyond the reach of 1": {"U1", []string{"U1", "U2"}, false, 1, approvals.ForcedBeyond},
	} {
		o, d, posts, _ := alone(t, tt.reach, tt.approvers...)
		d.people.policy.BreakGlass = !tt.off
		if tt.reach == 1 {
			first, err := d.Force(t.Context(), from(tt.by), wishFor(7))
			if err != nil {
				t.Fatal(err)
			}
			o.turns(20)
			if got := o.load(first.ID); !got.Acted() {
				t.Fatalf("%s: the first is %s", name, got.State)
			}
			posts.Store(0)
		}
		if _, err := d.Force(t.Context(), from(tt.by), wishFor(1)); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
		if o.turns(20); posts.Load() != 0 {
			t.Errorf("%s: %d calls were made", name, posts.Load())
		}
	}
}

// TestForceCapped: three times an hour, also where more are asked for at once.
func TestForceCapped(t *testing.T) {
	o, d, posts, _ := alone(t, 40, "U1", "U2")
	var last approvals.Request
	for n := range approvals.MostForced + 1 {
		r, err := d.Force(t.Context(), from("U1"), wishFor(n))
		if err != nil {
			t.Fatal(err)
		}
		o.pass(time.Millisecond) // one after the other
		last = r
	}
	o.turns(50)
	if got := o.load(last.ID); posts.Load() != approvals.MostForced || got.Ended.Why.Reason != approvals.ForcedTooOften {
		t.Errorf("%d calls were made, and the last is %s, %+v", posts.Load(), got.State, got.Ended.Why)
	}
	if _, err := d.Force(t.Context(), from("U1"), wishFor(9)); !approvals.IsRefusal(err, approvals.ForcedTooOften) {
		t.Errorf("once more: %v", err)
	}
	o.pass(time.Hour)
	if _, err := d.Force(t.Context(), from("U1"), wishFor(9)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestForceStillGood: whoever is no approver any more when the call would leave does not act.
func TestForceStillGood(t *testing.T) {
	o, d, posts, _ := alone(t, 40, "U1", "U2")
	r, err := d.Force(t.Context(), from("U1"), wishFor(1))
	if err != nil {
		t.Fatal(err)
	}
	o.people.policy = ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}}, Needed: 1})
	o.people.policy.BreakGlass = true
	o.turns(20)
	if got := o.load(r.ID); posts.Load() != 0 || len(got.Calls) != 1 || got.Calls[0].Why.Reason != approvals.ForcerGone {
		t.Errorf("%d calls; %s, %+v", posts.Load(), got.State, got.Calls)
	}
}

// TestReachSaid: what goes beyond its requester's reach takes one approver more, which its
// card says before anybody decides, or as soon as it is found out.
func TestReachSaid(t *testing.T) {
	o, d, _, _ := alone(t, 2, "U1", "U2", "U3")
	d.most = 0
	var asked []approvals.Request
	for n := range 2 { // before either is approved
		r, err := d.Ask(t.Context(), from("U1"), wishFor(2*n, 2*n+1))
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, r)
	}
	o.turns(20)
	for i, r := range asked {
		got, err := d.Approve(t.Context(), pressed("U2", r.Place), r.ID, o.load(r.ID).Digest())
		if err != nil || got.Beyond != (i == 1) || (got.State == approvals.Approved) != (i == 0) {
			t.Errorf("request %d: %v, %s, beyond %v", i, err, got.State, got.Beyond)
		}
	}
	r, err := d.Ask(t.Context(), from("U1"), wishFor(8))
	if err != nil {
		t.Fatal(err)
	}
	o.turns(20)
	if got := o.load(r.ID); !got.Beyond || got.Terms.Needed != 2 || got.State != approvals.Pending {
		t.Errorf("asked for after it: %s, needs %d, beyond %v", got.State, got.Terms.Needed, got.Beyond)
	}
	if got, err := d.Approve(t.Context(), pressed("U3", r.Place), asked[1].ID, o.load(asked[1].ID).Digest()); err != nil || got.State != approvals.Approved {
		t.Errorf("with one approver more: %v, %s", err, got.State)
	}
}

// TestReachNobody: where nobody could be the additional approver the request goes no further,
// and says why.
func TestReachNobody(t *testing.T) {
	o, d, _, _ := alone(t, 1, "U1", "U2")
	d.most = 0
	var asked []approvals.Request
	for n := range 2 {
		r, err := d.Ask(t.Context(), from("U1"), wishFor(n))
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, r)
	}
	o.turns(20)
	if _, err := d.Approve(t.Context(), pressed("U2", asked[0].Place), asked[0].ID, o.load(asked[0].ID).Digest()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Approve(t.Context(), pressed("U2", asked[1].Place), asked[1].ID, o.load(asked[1].ID).Digest()); !approvals.IsRefusal(err, approvals.TooFewForReach) {
		t.Errorf("approved: %v", err)
	}
	late, err := d.Ask(t.Context(), from("U1"), wishFor(5))
	if err != nil {
		t.Fatal(err)
	}
	o.turns(20)
	for _, r := range []approvals.Request{asked[1], late} {
		if got := o.load(r.ID); got.State != approvals.Rejected || got.Ended.Why.Reason != approvals.TooFewForReach || got.Ended.Why.Detail != "1 device an hour" {
			t.Errorf("%s: %s, %+v", r.ID, got.State, got.Ended.Why)
		}
	}
}
