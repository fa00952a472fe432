package office

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

func typedIn(user, channel string) By {
	return By{Op: ledger.NewOp().ID, User: user, Place: approvals.Place{Team: "T1", Channel: channel}}
}

// counting is an office whose Defender counts the calls that reach it and refuses them for a
// while, and a desk in it.
func counting(t *testing.T) (*office, *Desk, *atomic.Int32) {
	t.Helper()
	posts := new(atomic.Int32)
	o := newOffice(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		http.Error(w, "{}", http.StatusServiceUnavailable)
	}, chatter{}, nil)
	d := newTestDesk(o.store, o.people.dir)
	d.people, d.roster.people = o.people, o.people
	return o, d, posts
}

// lifted has U2 ask for the freeze to be lifted, and U3 approve that.
func (o *office) lifted(d *Desk) approvals.Request {
	o.t.Helper()
	r, err := d.Unfreeze(o.t.Context(), typedIn("U2", "C1"), "sorted out")
	if err != nil {
		o.t.Fatal(err)
	}
	o.turns(20)
	r = o.load(r.ID)
	if r.State != approvals.Pending || r.Card.TS == "" {
		o.t.Fatalf("the request to lift it is %s", r.State)
	}
	by := pressed("U3", r.Place)
	by.On.TS = r.Card.TS
	r, err = d.Approve(o.t.Context(), by, r.ID, r.Digest())
	if err != nil || r.State != approvals.Done {
		o.t.Fatalf("lifting it: %s, %v", r.State, err)
	}
	return r
}

// TestFreezeWorker: nothing leaves while calls are frozen, and cards say so: of what was asked
// for before, of what is asked for then, and of what is approved then. All of it goes on when
// the freeze is lifted.
func TestFreezeWorker(t *testing.T) {
	o, d, posts := counting(t)
	before := o.working("collect", 1, 0)
	waits := pendingOn(t, o.store, approvalstest.DeviceNo(7))
	if _, err := d.Freeze(t.Context(), typedIn("U3", "D1"), "wrong list"); err != nil {
		t.Fatal(err)
	}
	after, err := o.store.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(approvalstest.DeviceNo(8)), 0)
	if err != nil {
		t.Fatal(err)
	}
	then := approved(t, o.store, approvalstest.DeviceNo(9))
	all := []string{before.ID, waits.ID, after.ID, then.ID}
	for range 3 {
		o.turns(100)
		o.pass(15 * time.Second) // Defender does not answer for the device of one
	}
	for i, id := range all {
		r := o.load(id)
		if f := r.HeldBy(); f.By.ID != "U3" || f.Text != "wrong list" || r.Behind() {
			t.Errorf("request %d is %s and says that it is held by %v; drawn: %v", i, r.State, f, !r.Behind())
		}
	}
	if got := posts.Load(); got != 0 {
		t.Fatalf("%d calls left in the freeze", got)
	}
	o.lifted(d)
	o.turns(100)
	for i, id := range all {
		if r := o.load(id); r.HeldBy().Is() {
			t.Errorf("request %d is %s and still says that it is frozen", i, r.State)
		}
	}
	if got := posts.Load(); got != 2 {
		t.Errorf("%d calls left after it, want those of the two that are approved", got)
	}
}

// TestFreezeUnaware: a worker that has not heard of the freeze sends nothing either, and
// learns of it by that.
func TestFreezeUnaware(t *testing.T) {
	o, d, posts := counting(t)
	other := newTestDesk(o.version(roomyActions()), o.people.dir)
	other.people = d.people
	r := pendingOn(t, o.store, approvalstest.DeviceNo(1))
	r, l, err := o.store.ApplyAndLease(t.Context(), ledger.NewOp(), r, func(r approvals.Request) (approvals.Event, error) {
		return approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Freeze(t.Context(), typedIn("U2", "C1"), "stop"); err != nil {
		t.Fatal(err)
	}
	o.advance(t.Context(), l, r)
	o.turns(10)
	if got := o.load(r.ID); posts.Load() != 0 || !got.HeldBy().Is() || got.Calls[0].State != approvals.Queued {
		t.Errorf("%d calls left; its call is %s, held by %v", posts.Load(), got.Calls[0].State, got.HeldBy())
	}
}

// TestFreezeLapsesWaiting: the time to send runs on in a freeze.
func TestFreezeLapsesWaiting(t *testing.T) {
	o, d, posts := counting(t)
	r := o.working("collect", 1, 0)
	if _, err := d.Freeze(t.Context(), typedIn("U2", "C1"), "stop"); err != nil {
		t.Fatal(err)
	}
	o.turns(10)
	o.pass(r.Terms.ExecutionTTL)
	o.turns(10)
	got := o.load(r.ID)
	if why := got.Calls[0].Why; got.State != approvals.Done || why.Cause == nil || why.Cause.Reason != approvals.Frozen || posts.Load() != 0 {
		t.Errorf("%s because of %v, with %d calls", got.State, why, posts.Load())
	}
}

// TestFreezeStops: what runs can be stopped in a freeze.
func TestFreezeStops(t *testing.T) {
	o, m, r := collecting(t, 1, 1)
	d := newTestDesk(o.store, o.people.dir)
	d.people = o.people
	if _, err := d.Freeze(t.Context(), typedIn("U2", "C1"), "stop"); err != nil {
		t.Fatal(err)
	}
	r = o.asksToStop(r)
	o.turns(10)
	if got := o.load(r.ID); got.Calls[0].Stop.State != approvals.StopTaken {
		t.Errorf("the stop is %s, %v; Defender shows %s", got.Calls[0].Stop.State, got.Calls[0].Stop.Why, m.row(jobNo(0)))
	}
}

// orgTown is a town of whose organisation other workspaces are in every channel.
type orgTown struct{ approvalstest.Town }

func (orgTown) Channel(_ context.Context, id string) (approvals.Channel, error) {
	return approvals.Channel{ID: id, Member: true, OrgShared: true}, nil
}

// TestFreezeWho: approvers of any action freeze, wherever they are; nobody else does, and a
// list that cannot be read makes nobody an approver.
func TestFreezeWho(t *testing.T) {
	person := func(id string, change func(*approvals.Facts)) approvals.Facts {
		f := approvals.Facts{Person: approvals.Person{ID: id}}
		if change != nil {
			change(&f)
		}
		return f
	}
	town := approvalstest.Town{
		People: map[string]approvals.Facts{
			"U1": person("U1", nil), "U2": person("U2", nil), "U3": person("U3", nil), "U4": person("U4", nil),
			"U5": person("U5", func(f *approvals.Facts) { f.Guest = true }), "U6": person("U6", func(f *approvals.Facts) { f.Elsewhere = true }),
			"U7": person("U7", func(f *approvals.Facts) { f.Deleted = true }),
		},
		Groups: map[string][]string{"S1": {"U4"}},
	}
	rule := func(users, groups []string) approvals.Rule {
		return approvals.Rule{Approvers: approvals.List{Users: users, Groups: groups}, Needed: 1}
	}
	policy := approvals.Policy{
		Default: rule([]string{"U2"}, nil), AllowShared: true, Channels: []string{"C1"},
		ByAction: map[string]approvals.Rule{"collect": rule([]string{"U2", "U5", "U6", "U7"}, nil), "isolate": rule([]string{"U3"}, []string{"S1"})},
	}
	down := policy
	down.ByAction = map[string]approvals.Rule{"isolate": rule([]string{"U3"}, []string{"S9"})}
	for name, tt := range map[string]struct {
		policy        approvals.Policy
		user, channel string
		want          approvals.Reason
	}{
		"an approver":                              {policy, "U2", "C1", ""},
		"of another action":                        {policy, "U3", "C1", ""},
		"by a group":                               {policy, "U4", "C1", ""},
		"in a direct message":                      {policy, "U2", "D1", ""},
		"where no commands are taken":              {policy, "U2", "C9", ""},
		"on the home":                              {policy, "U2", "", ""},
		"somebody else":                            {policy, "U1", "C1", approvals.NotYoursToFreeze},
		"a guest on the list":                      {policy, "U5", "C1", approvals.NotAMember},
		"of another workspace":                     {policy, "U6", "C1", approvals.NotAMember},
		"deactivated":                              {policy, "U7", "C1", approvals.NotAMember},
		"unknown":                                  {policy, "U8", "C1", approvals.NotKnown},
		"by a group that cannot be read":           {down, "U4", "C1", approvals.NotKnown},
		"by id, while a group cannot be read":      {down, "U3", "C1", ""},
		"by id of another list, while it can't be": {down, "U2", "C1", ""},
	} {
		s := newTestStore(t, redistest.Client(t, redistest.Mini(t).Addr()), roomyActions())
		d := newTestDesk(s, orgTown{town})
		d.people.policy = tt.policy
		may := d.MayFreeze(t.Context(), typedIn(tt.user, tt.channel))
		f, err := d.Freeze(t.Context(), typedIn(tt.user, tt.channel), "stop")
		if tt.want == "" && (err != nil || may != nil || f.By.ID != tt.user) || tt.want != "" && (!approvals.IsRefusal(err, tt.want) || !approvals.IsRefusal(may, tt.want)) {
			t.Errorf("%s: froze %v, %v; the form %v; want %q", name, f, err, may, tt.want)
		}
		if left, _ := s.ReadFreeze(t.Context()); left.Is() != (tt.want == "") {
			t.Errorf("%s: in force is %v", name, left)
		}
	}
}

// TestUnfreezeWho: an approver asks for it in a channel where requests are made, and another
// approver of whatever action decides; neither alone, and nobody else.
func TestUnfreezeWho(t *testing.T) {
	o, d, _ := counting(t)
	ask := func(user, channel string) (approvals.Request, error) {
		return d.Unfreeze(t.Context(), typedIn(user, channel), "sorted out")
	}
	if _, err := ask("U2", "C1"); !approvals.IsRefusal(err, approvals.NotFrozen) {
		t.Errorf("without a freeze: %v", err)
	}
	if _, err := d.Freeze(t.Context(), typedIn("U2", "C1"), "stop"); err != nil {
		t.Fatal(err)
	}
	if _, err := ask("U1", "C1"); !approvals.IsRefusal(err, approvals.NotYoursToFreeze) {
		t.Errorf("somebody who approves nothing: %v", err)
	}
	d.people.policy.Channels = []string{"C1"}
	if _, err := ask("U2", "C9"); !approvals.IsRefusal(err, approvals.ChannelNotTaken) {
		t.Errorf("in a channel where no commands are taken: %v", err)
	}
	r, err := ask("U2", "C1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask("U3", "C1"); approvals.OpenElsewhere(err) != r.ID {
		t.Errorf("a second request: %v", err)
	}
	o.turns(20)
	r = o.load(r.ID)
	for user, want := range map[string]approvals.Reason{"U1": approvals.NotAnApprover, "U2": approvals.OwnRequest} {
		by := pressed(user, r.Place)
		by.On.TS = r.Card.TS
		if _, err := d.Approve(t.Context(), by, r.ID, r.Digest()); !approvals.IsRefusal(err, want) {
			t.Errorf("%s approves: %v, want %s", user, err, want)
		}
	}
	d.people.policy = ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2"}}, Needed: 1})
	apply(t, o.store, r, approvals.Cancel{By: approvalstest.Leader})
	if _, err := ask("U2", "C1"); !approvals.IsRefusal(err, approvals.NobodyElse) {
		t.Errorf("with nobody else to approve it: %v", err)
	}
}
