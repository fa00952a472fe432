package office

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// crowd is a Directory of everybody that a list can name, and counts who is
// asked about.
type crowd struct {
	mu     sync.Mutex
	people map[string]approvals.Facts
	groups map[string][]string
	broken map[string]error // by id of a person or a group
	asked  map[string]int
	times  []time.Time // of every question about a person
}

func newCrowd() *crowd {
	c := &crowd{people: map[string]approvals.Facts{}, groups: map[string][]string{}, broken: map[string]error{}, asked: map[string]int{}}
	for i := range 9 {
		id := fmt.Sprint("U", i+1)
		c.people[id] = approvals.Facts{Person: approvals.Person{ID: id}}
	}
	is := func(id string, change func(*approvals.Facts)) {
		f := approvals.Facts{Person: approvals.Person{ID: id}}
		change(&f)
		c.people[id] = f
	}
	is("UGUEST", func(f *approvals.Facts) { f.Guest, f.Name = true, "gus" })
	is("UBOT", func(f *approvals.Facts) { f.Bot = true })
	is("UGONE", func(f *approvals.Facts) { f.Deleted = true })
	is("UOUT", func(f *approvals.Facts) { f.External = true })
	is("USIS", func(f *approvals.Facts) { f.Elsewhere = true })
	is("UKIM", func(f *approvals.Facts) { f.Enterprise = "WKIM" })
	is("WKIM", func(*approvals.Facts) {})
	is("ULEE", func(f *approvals.Facts) { f.Enterprise = "WKIM" }) // Kim in another workspace
	return c
}

func (c *crowd) Facts(ctx context.Context, user string) (approvals.Facts, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[user]++
	c.times = append(c.times, time.Now())
	f, ok := c.people[user]
	switch {
	case c.broken[user] != nil:
		return approvals.Facts{}, fmt.Errorf("users.info of %s: %w", user, c.broken[user])
	case !ok:
		return approvals.Facts{}, fmt.Errorf("users.info of %s: %w", user, approvals.ErrNoSuchPerson)
	}
	return f, ctx.Err()
}

func (c *crowd) Channel(_ context.Context, id string) (approvals.Channel, error) {
	return approvals.Channel{ID: id, Member: true}, nil
}

func (c *crowd) Members(_ context.Context, group string) ([]string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[group]++
	return c.groups[group], c.broken[group]
}

// join adds people to a group, and to the workspace.
func (c *crowd) join(group string, n int, change func(*approvals.Facts)) {
	for i := range n {
		id := fmt.Sprintf("UMANY%03d", i)
		f := approvals.Facts{Person: approvals.Person{ID: id}}
		change(&f)
		c.people[id] = f
		c.groups[group] = append(c.groups[group], id)
	}
}

// since is how many questions about people were asked since then.
func (c *crowd) since(then time.Time) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.times {
		if !t.Before(then) {
			n++
		}
	}
	return n
}

func (c *crowd) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// book is a log that is read line by line.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

// read gives what was written since the last time.
func (b *book) read() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := b.text.String()
	b.text.Reset()
	return text
}

func newRoster(c *crowd, p approvals.Policy) (*Roster, *book) {
	b := &book{}
	return NewRoster(c, p, slog.New(slog.NewTextHandler(b, nil))), b
}

func TestRosterCounts(t *testing.T) {
	none := approvals.Person{ID: "U1"}
	for name, tt := range map[string]struct {
		users  []string
		by     approvals.Person
		shared bool // ALLOW_SHARED_CHANNELS
		needed int
		want   approvals.Reason // "": enough
		others []approvals.Bar
	}{
		"another member":                       {[]string{"U2"}, none, false, 1, "", nil},
		"the requester alone":                  {[]string{"U1"}, none, false, 1, approvals.NobodyElse, nil},
		"too few of two":                       {[]string{"U1", "U2"}, none, false, 2, approvals.NobodyElse, nil},
		"enough of three":                      {[]string{"U1", "U2", "U3"}, none, false, 2, "", nil},
		"nobody":                               {nil, none, false, 1, approvals.NobodyElse, nil},
		"a guest and nobody at all":            {[]string{"UGUEST", "UNONE"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsGuest, approvals.IsNobody}},
		"a bot, somebody gone, a partner":      {[]string{"UBOT", "UGONE", "UOUT"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsBot, approvals.IsGone, approvals.IsExternal}},
		"one of them can":                      {[]string{"UBOT", "UGONE", "UOUT", "U2"}, none, false, 1, "", nil},
		"a colleague of another workspace":     {[]string{"USIS"}, none, false, 1, approvals.NobodyElse, []approvals.Bar{approvals.IsElsewhere}},
		"the same in a channel that lets them": {[]string{"USIS"}, none, true, 1, "", nil},
		"twins":                                {[]string{"UKIM", "WKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin}},
		"twins in two workspaces":              {[]string{"ULEE", "UKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin}},
		"three ids of one":                     {[]string{"WKIM", "ULEE", "UKIM"}, none, false, 2, approvals.NobodyElse, []approvals.Bar{approvals.IsTwin, approvals.IsTwin}},
		"a twin and another":                   {[]string{"UKIM", "WKIM", "U2"}, none, false, 2, "", nil},
		"the requester's other id":             {[]string{"WKIM"}, approvals.Person{ID: "UKIM", Enterprise: "WKIM"}, false, 1, approvals.NobodyElse, nil},
		"the requester seen by the other id":   {[]string{"UKIM"}, approvals.Person{ID: "WKIM"}, false, 1, approvals.NobodyElse, nil},
	} {
		p := approvals.Policy{Approvers: approvals.List{Users: tt.users}, AllowShared: tt.shared, Needed: 1}
		for _, known := range []bool{false, true} {
			r, _ := newRoster(newCrowd(), p)
			if known {
				r.refresh(t.Context(), 0)
			}
			err := r.enough(t.Context(), roll{ids: tt.users}, []approvals.Person{tt.by}, approvals.Channel{OrgShared: tt.shared}, tt.needed)
			if tt.want == "" && err != nil || tt.want != "" && !approvals.IsRefusal(err, tt.want) {
				t.Errorf("%s, known before %v: %v, want %q", name, known, err, tt.want)
				continue
			}
			var others []approvals.Bar
			if refused, ok := approvals.AsRefusal(err); ok {
				for _, o := range refused.Others {
					others = append(others, o.Bar)
				}
			}
			slices.Sort(others)
			slices.Sort(tt.others)
			if diff := cmp.Diff(tt.others, others); diff != "" {
				t.Errorf("%s, known before %v, who does not count (-want +got):\n%s", name, known, diff)
			}
		}
	}
}

// TestRosterSparesSlack counts who is looked up when somebody asks.
func TestRosterSparesSlack(t *testing.T) {
	ids := []string{"UBOT", "U2", "U3"}
	ask := func(r *Roster, needed int) error {
		return r.enough(t.Context(), roll{ids: ids}, []approvals.Person{{ID: "U1"}}, approvals.Channel{}, needed)
	}
	c := newCrowd()
	r, _ := newRoster(c, approvals.Policy{Approvers: approvals.List{Users: ids}, Needed: 1})
	r.refresh(t.Context(), 0)
	clear(c.asked)
	if err := ask(r, 2); err != nil || len(c.asked) != 0 {
		t.Errorf("people that the roster knows: %v, asked about %v", err, c.asked)
	}
	ids = append(ids, "U4") // who joined since
	if err := ask(r, 3); err != nil || c.asked["U4"] != 1 || c.asked["U2"] != 0 {
		t.Errorf("somebody new: %v, asked about %v", err, c.asked)
	}
	c.people["UBOT"] = approvals.Facts{Person: approvals.Person{ID: "UBOT"}} // no bot any more
	if err := ask(r, 4); err != nil {
		t.Errorf("somebody who can by now: %v", err)
	}

	c.people["U3"] = approvals.Facts{Person: approvals.Person{ID: "U3"}, Guest: true}
	r.refresh(t.Context(), 0)
	c.broken["U3"] = approvalstest.ErrDown
	if err := ask(r, 4); !approvals.IsRefusal(err, approvals.NobodyElse) {
		t.Errorf("somebody known to be a guest, whom nobody could look up again: %v", err)
	}

	c, ids = newCrowd(), nil
	for i := range 50 * lookUpsAtOnce {
		id := fmt.Sprint("UMANY", i)
		c.people[id], ids = approvals.Facts{Person: approvals.Person{ID: id}}, append(ids, id)
	}
	r, _ = newRoster(c, approvals.Policy{Approvers: approvals.List{Users: ids}, Needed: 1})
	if err := ask(r, 1); err != nil || len(c.asked) > 2*lookUpsAtOnce {
		t.Errorf("one of many is enough: %v, asked about %d", err, len(c.asked))
	}
}

// TestRosterNotKnown cannot find out about people: that is no refusal for want
// of approvers, and takes nothing away of what was known.
func TestRosterNotKnown(t *testing.T) {
	ids := []string{"U2", "UNONE"}
	c := newCrowd()
	c.broken["U2"] = approvalstest.ErrDown
	r, b := newRoster(c, approvals.Policy{Approvers: approvals.List{Users: ids, Groups: []string{"S1"}}, Needed: 1})
	r.refresh(t.Context(), 0)
	err := r.enough(t.Context(), roll{ids: ids}, []approvals.Person{{ID: "U1"}}, approvals.Channel{}, 1)
	if refused, ok := approvals.AsRefusal(err); !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, approvalstest.ErrDown) || !ok || len(refused.Others) != 1 || refused.Others[0].ID != "U2" {
		t.Errorf("nobody could be looked up: %v", err)
	}
	if err := r.State().TooFew(); err != nil {
		t.Errorf("not for certain: %v", err)
	}
	delete(c.broken, "U2")
	c.broken["S1"] = approvalstest.ErrDown
	c.groups["S1"] = nil
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 || !strings.Contains(s.String(), "S1: a user group that could not be read: slack is down") {
		t.Errorf("a group that cannot be read: %+v", s)
	}
	b.read()
	c.broken["U2"] = approvalstest.ErrDown
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 {
		t.Errorf("somebody who could not be looked up again does not count any more: %+v", s)
	}
	if got := b.read(); !strings.Contains(got, "approver refresh failed") || !strings.Contains(got, "slack is down") {
		t.Errorf("the log does not say so: %q", got)
	}
	r.refresh(t.Context(), 0)
	if got := b.read(); got != "" {
		t.Errorf("it is said again: %q", got)
	}
	delete(c.people, "U2")
	delete(c.broken, "U2")
	r.refresh(t.Context(), 0)
	if err := r.State().TooFew(); err != nil {
		t.Errorf("with a group that cannot be read it is never certain: %v", err)
	}
}

func TestRosterTooFew(t *testing.T) {
	c := newCrowd()
	c.groups["S1"], c.groups["S2"] = []string{"UBOT"}, nil
	list := approvals.List{Users: []string{"UNONE", "UGUEST", "U2"}, Groups: []string{"S1", "S2"}}
	for _, tt := range []struct {
		needed int
		by     map[string]int
		want   string
	}{
		{1, nil, ""},
		{1, map[string]int{"isolate": 1, "collect": 2}, ""},
		{2, map[string]int{"isolate": 3}, "APPROVERS: 1 of the people on the list may decide, and every action needs at least 2 (APPROVALS_REQUIRED): " +
			"S2: a user group without active members; UBOT: a bot; gus (UGUEST): a guest; UNONE: no such user"},
	} {
		r, _ := newRoster(c, approvals.Policy{Approvers: list, Needed: tt.needed, NeededFor: tt.by})
		r.refresh(t.Context(), 0)
		if err := r.State().TooFew(); tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%d needed, %v: %v, want %q", tt.needed, tt.by, err, tt.want)
		}
	}
}

// TestRosterGroupUnread has a group that cannot be read for a while beside people
// by id: who can be counted is counted, and only where they are too few it
// matters that nobody knows who else there is.
func TestRosterGroupUnread(t *testing.T) {
	c := newCrowd()
	c.groups["S2"], c.broken["S1"] = []string{"U3"}, approvalstest.ErrDown
	p := approvals.Policy{Approvers: approvals.List{Users: []string{"U2"}, Groups: []string{"S1", "S2"}}, Needed: 1}
	r, _ := newRoster(c, p)
	ask := func(needed int) error {
		return r.enough(t.Context(), (people{c, p}).approvers(t.Context()), []approvals.Person{{ID: "U1"}}, approvals.Channel{}, needed)
	}
	if err := ask(2); err != nil {
		t.Errorf("two could be read and may: %v", err)
	}
	for _, needed := range []int{3, 30} { // nobody knows how many are in the group
		err := ask(needed)
		refused, ok := approvals.AsRefusal(err)
		if !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, approvalstest.ErrDown) || !ok || len(refused.Others) != 1 || refused.Others[0].ID != "S1" {
			t.Errorf("%d needed: %v", needed, err)
		}
	}
	c.broken["S1"] = &approvals.Withheld{Err: approvalstest.ErrDown}
	err := ask(3)
	refused, ok := approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.NobodyElse) || !ok || len(refused.Others) != 1 || refused.Others[0].Bar != approvals.IsRefused {
		t.Errorf("a group that is refused: %v", err)
	}
}

// TestRosterRefused has what Slack refuses and would refuse again: nobody counts
// by it, and that is certain.
func TestRosterRefused(t *testing.T) {
	c := newCrowd()
	c.groups["S1"] = []string{"U3"}
	list := approvals.List{Users: []string{"U2"}, Groups: []string{"S1"}}
	r, b := newRoster(c, approvals.Policy{Approvers: list, Needed: 1})
	c.broken["U2"], c.broken["S1"] = &approvals.Withheld{Err: approvalstest.ErrDown}, &approvals.Withheld{Err: approvalstest.ErrDown}
	r.Muster(t.Context())
	const want = "APPROVERS: 0 of the people on the list may decide, and every action needs at least 1 (APPROVALS_REQUIRED): " +
		"S1: a user group that Slack refuses: slack is down; U2: somebody whom Slack refuses to show: users.info of U2: slack is down"
	if err := r.State().TooFew(); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := b.read(); strings.Count(got, "does not count") != 2 || r.Counts("S1") || r.Counts("U2") {
		t.Errorf("the log says %s", got)
	}
	delete(c.broken, "S1")
	r.catchUp(t.Context(), 0)
	if c.asked["S1"] != 1 || c.asked["U2"] != 1 {
		t.Errorf("what is certain was asked again: %v", c.asked)
	}
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 1 || s.TooFew() != nil {
		t.Errorf("after the group was mended: %+v", s)
	}
	c.broken["S1"], c.broken["U3"] = &approvals.Withheld{Err: approvalstest.ErrDown}, approvalstest.ErrDown // gone, with whom it gave
	r.refresh(t.Context(), 0)
	if s := r.State(); s.Able != 0 || s.TooFew() == nil {
		t.Errorf("after the group was deleted: %+v", s)
	}
}

// TestRosterQuota has a list of 130: at the start it is asked about thirty, then
// about one in three seconds, and not about anybody twice before the next round.
func TestRosterQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people = 130
		c := newCrowd()
		c.join("S1", people, func(*approvals.Facts) {})
		r, b := newRoster(c, approvals.Policy{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1})
		start := time.Now()
		r.Muster(t.Context())
		if s := r.State(); s.Able != mostLookUps || s.Unmet != people-mostLookUps || s.known() || s.String() != "" || c.since(start) != mostLookUps {
			t.Errorf("after the start: %d look-ups, %+v", c.since(start), s)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		for range 20 {
			minute := time.Now().Add(1) // after the start's own
			time.Sleep(time.Minute)
			if n := c.since(minute); n > 25 {
				t.Errorf("%d look-ups in the minute after %s", n, minute.Sub(start))
			}
			c.change(func() {
				least, most := people, 0
				for id, n := range c.asked {
					if id != "S1" {
						least, most = min(least, n), max(most, n)
					}
				}
				if most > least+1 {
					t.Errorf("after %s somebody was asked about %d times and somebody else %d times", time.Since(start), most, least)
				}
			})
		}
		if s := r.State(); s.Able != people || !s.known() {
			t.Errorf("in the end: %d of %d, %d not asked about", s.Able, people, s.Unmet)
		}
		if got := b.read(); got != "" {
			t.Errorf("the log says %s", got)
		}
		cancel()
		<-ended
	})
}

// TestRosterBetweenRounds asks about those only of whom nothing is known.
func TestRosterBetweenRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.groups["S1"], c.groups["S2"] = []string{"U4"}, []string{"U5"}
		c.broken["U2"], c.broken["S1"] = approvalstest.ErrDown, approvalstest.ErrDown
		r, _ := newRoster(c, approvals.Policy{Approvers: approvals.List{Users: []string{"U2", "U3", "UGUEST"}, Groups: []string{"S1", "S2"}}, Needed: 1})
		r.Muster(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		time.Sleep(4 * time.Minute)
		c.change(func() {
			if c.asked["U2"] < 5 || c.asked["S1"] < 5 {
				t.Errorf("what is not known is not asked about: %v", c.asked)
			}
			for _, id := range []string{"U3", "UGUEST", "S2", "U5"} {
				if c.asked[id] != 1 {
					t.Errorf("%s is known and was asked about %d times", id, c.asked[id])
				}
			}
			clear(c.broken)
		})
		time.Sleep(40 * time.Second)
		if s := r.State(); s.Able != 4 || !s.known() {
			t.Errorf("after it was mended: %+v", s)
		}
		cancel()
		<-ended
	})
}

// TestRosterThrottledAtStart asks about nobody while Slack wants to be left
// alone.
func TestRosterThrottledAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.join("S1", 25, func(*approvals.Facts) {})
		for _, id := range c.groups["S1"] {
			c.broken[id] = &approvals.Later{After: 5 * time.Second}
		}
		r, _ := newRoster(c, approvals.Policy{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1})
		start := time.Now()
		mustered := make(chan struct{})
		go func() { defer close(mustered); r.Muster(t.Context()) }()
		time.Sleep(time.Second)
		if n := c.since(start); n > lookUpsAtOnce {
			t.Errorf("%d look-ups, want no more than were under way", n)
		}
		c.change(func() { clear(c.broken) })
		synctest.Wait()
		asked := c.since(start)
		time.Sleep(4*time.Second - 1)
		if n := c.since(start); n != asked {
			t.Errorf("%d more look-ups within the pause", n-asked)
		}
		<-mustered
		if s := r.State(); s.Able != 25 {
			t.Errorf("after the pause: %+v", s)
		}
	})
}

// TestRosterCost has a list of which nobody may decide and nobody is
// known: one request costs a limited number of look-ups, the next goes on
// where it stopped, and a 429 ends it.
func TestRosterCost(t *testing.T) {
	c := newCrowd()
	c.join("S1", 2*mostLookUps, func(f *approvals.Facts) { f.Guest = true })
	p := approvals.Policy{Approvers: approvals.List{Groups: []string{"S1"}}, Needed: 1}
	r, _ := newRoster(c, p)
	r.readGroups(t.Context(), p.Approvers.Groups)
	ask := func() error {
		return r.enough(t.Context(), (people{c, p}).approvers(t.Context()), []approvals.Person{{ID: "U1"}}, approvals.Channel{}, 1)
	}
	start := time.Now()
	if err := ask(); !approvals.IsRefusal(err, approvals.NotKnown) || !errors.Is(err, errNotAsked) || c.since(start) != mostLookUps {
		t.Errorf("%d look-ups for one request: %v", c.since(start), err)
	}
	if err := ask(); !approvals.IsRefusal(err, approvals.NobodyElse) || c.since(start) != 2*mostLookUps {
		t.Errorf("%d look-ups for two: %v", c.since(start), err)
	}
	r, _ = newRoster(c, p)
	for id := range c.people {
		c.broken[id] = &approvals.Later{After: time.Minute}
	}
	err := ask()
	if later, is := errors.AsType[*approvals.Later](err); !approvals.IsRefusal(err, approvals.NotKnown) || !is || later.After != time.Minute || c.since(start) > 2*mostLookUps+lookUpsAtOnce {
		t.Errorf("%d look-ups though Slack wants to be left alone: %v", c.since(start)-2*mostLookUps, err)
	}
}

// TestRosterWarnsOnce tells the log of each person and cause once.
func TestRosterWarnsOnce(t *testing.T) {
	c := newCrowd()
	c.groups["S1"] = []string{"U2", "U3"}
	r, b := newRoster(c, approvals.Policy{Approvers: approvals.List{Users: []string{"UGUEST", "UNONE"}, Groups: []string{"S1"}}, Needed: 1})
	lines := func(want ...string) {
		t.Helper()
		r.refresh(t.Context(), 0)
		got := b.read()
		if n := strings.Count(got, "\n"); n != len(want) {
			t.Errorf("%d lines, want %d: %s", n, len(want), got)
		}
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("the log says %s, want %q", got, w)
			}
		}
	}
	lines(`who="gus (UGUEST)" why="a guest"`, `who=UNONE why="no such user"`)
	lines()
	c.people["UGUEST"] = approvals.Facts{Person: approvals.Person{ID: "UGUEST", Name: "gus"}, Deleted: true}
	lines(`who="gus (UGUEST)" why=deactivated`)
	c.people["UNONE"] = approvals.Facts{Person: approvals.Person{ID: "UNONE"}}
	c.people["U3"] = approvals.Facts{Person: approvals.Person{ID: "U3"}, Guest: true}
	lines(`who=UNONE`, `who=U3 why="a guest"`)
	c.groups["S1"] = []string{"U2"} // U3 leaves
	lines(`who=U3`)
	if r.Counts("UGUEST") || !r.Counts("UNONE") || !r.Counts("U2") {
		t.Errorf("who counts: %+v", r.State())
	}
}

// TestRosterThrottled gets a 429 and asks again when it may, not before.
func TestRosterThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrowd()
		c.broken["U2"] = &approvals.Later{After: 30 * time.Second}
		r, _ := newRoster(c, approvals.Policy{Approvers: approvals.List{Users: []string{"U2"}}, Needed: 1})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx, 5*time.Minute) }()
		time.Sleep(5*time.Minute + time.Second)
		c.change(func() {
			if c.asked["U2"] != 1 {
				t.Errorf("asked %d times within the pause, want once", c.asked["U2"])
			}
			delete(c.broken, "U2")
		})
		time.Sleep(time.Minute)
		if got := maps.Clone(c.asked); got["U2"] != 2 || r.State().Able != 1 {
			t.Errorf("asked %d times, %d may decide; want two and one", got["U2"], r.State().Able)
		}
		c.change(func() { c.broken["U2"] = &approvals.Later{After: time.Hour} })
		short, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		r2, _ := newRoster(c, r.people.policy)
		r2.Muster(short)
		if s := r2.State(); s.Able != 0 || s.TooFew() != nil {
			t.Errorf("at the deadline: %+v", s)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}
