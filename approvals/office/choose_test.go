package office

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/internal/approvalstest"
)

// registry is a Defender that has devices by name, and answers filters on it.
type registry struct {
	names []string // device n has names[n]
}

func (g *registry) row(n int) string {
	seen := approvalstest.Start.Add(-time.Duration(n) * time.Hour).Format(time.RFC3339)
	return fmt.Sprintf(`{"id":%q,"computerDnsName":%q,"lastSeen":%q,"osPlatform":"Windows11","healthStatus":"Active","machineTags":["tier-0"]}`, approvalstest.DeviceNo(n).ID, g.names[n], seen)
}

func (g *registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/machineactions") || strings.HasSuffix(r.URL.Path, "/investigations") {
		io.WriteString(w, `{"value":[]}`)
		return
	}
	filter := r.URL.Query().Get("$filter")
	var rows []string
	for n, name := range g.names {
		if filter == "" && jobOf(r) == approvalstest.DeviceNo(n).ID {
			io.WriteString(w, g.row(n))
			return
		}
		begin, isBegin := strings.CutPrefix(filter, "startswith(computerDnsName,'")
		if filter == "computerDnsName eq '"+name+"'" || isBegin && strings.HasPrefix(name, strings.TrimSuffix(begin, "')")) {
			rows = append(rows, g.row(n))
		}
	}
	if filter == "" {
		http.Error(w, `{"error":{"code":"ResourceNotFound","message":"Machine was not found"}}`, http.StatusNotFound)
		return
	}
	io.WriteString(w, `{"value":[`+strings.Join(rows, ",")+`]}`)
}

// TestCheckNames: which device a name stands for, when somebody is asked, and what they
// hear when nobody can be.
func TestCheckNames(t *testing.T) {
	many := make([]string, approvals.MostOffered+1)
	for n := range many {
		many[n] = fmt.Sprintf("web.site-%d.example", n)
	}
	for name, tt := range map[string]struct {
		names   []string
		ask     string
		want    approvals.State
		offered int
		device  int // that it stands for
		reason  approvals.Reason
		detail  string
		near    string
	}{
		"one by its first label":           {names: []string{"web1.a.example"}, ask: "WEB1", want: approvals.Pending},
		"a whole name before first labels": {names: []string{"web1.a.example", "web1", "web1.b.example"}, ask: "web1", want: approvals.Pending, device: 1},
		"two by their first label":         {names: []string{"web1.a.example", "web10.a.example", "web1.b.example"}, ask: "Web1", want: approvals.Checking, offered: 2},
		"two by their whole name":          {names: []string{"web1", "web1", "web1.a.example"}, ask: "web1", want: approvals.Checking, offered: 2},
		"a hundred":                        {names: many[1:], ask: "web", want: approvals.Checking, offered: 100},
		"more than a hundred":              {names: many, ask: "web", want: approvals.Rejected, reason: approvals.DevicesTooMany, detail: "web, 101 devices"},
		"none, and none like it":           {names: []string{"db1"}, ask: "web1", want: approvals.Rejected, reason: approvals.DeviceNotFound, detail: "web1"},
		"none, and some like it": {
			names: []string{"web-01.a.example", "web-02", "wet-01", "web-011", "web-03", "web-04", "web-05", "web-06"}, ask: "web-01x",
			want: approvals.Rejected, reason: approvals.DeviceNotFound, detail: "web-01x", near: "web-01.a.example, web-011, web-02, web-03, web-04",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := &registry{names: tt.names}
			o := newOffice(t, g.ServeHTTP, chatter{}, nil)
			id := o.asked(approvals.Device{Name: tt.ask})
			for range 4 {
				o.turns(50)
				o.pass(stepRetry)
			}
			got := o.load(id)
			if got.State != tt.want || len(got.Choice.Offered) != tt.offered || got.Choice.Asked != (tt.offered > 0) {
				t.Fatalf("%s, offered %d (asked %v); want %s, %d. %+v", got.State, len(got.Choice.Offered), got.Choice.Asked, tt.want, tt.offered, got.Ended)
			}
			if why := got.Ended.Why; why.Reason != tt.reason || why.Detail != tt.detail || (why.Cause != nil) != (tt.near != "") ||
				why.Cause != nil && (why.Cause.Reason != approvals.NearNames || why.Cause.Detail != tt.near) {
				t.Errorf("reason %+v, near %+v", why, why.Cause)
			}
			if tt.want == approvals.Pending && got.Devices[0].ID != approvalstest.DeviceNo(tt.device).ID {
				t.Errorf("it stands for %s, want device %d", got.Devices[0].ID, tt.device)
			}
			for i, d := range got.Choice.Offered[:max(tt.offered-1, 0)] {
				if d.LastSeen.Before(got.Choice.Offered[i+1].LastSeen) || !d.Verified || d.Tags != nil || d.OS != "Windows11" || d.Health != "Active" {
					t.Fatalf("offered %d: %+v before %+v", i, d, got.Choice.Offered[i+1])
				}
			}
		})
	}
}

// TestChooseOneAfterTheOther: two names that fit several devices are asked about one after
// the other; the request goes on with what is chosen, for as long as a person takes.
func TestChooseOneAfterTheOther(t *testing.T) {
	g := &registry{names: []string{"web1.a.example", "web1.b.example", "db1.a.example", "db1.b.example", "kiosk"}}
	shown := 0
	o := newOffice(t, g.ServeHTTP, chatter{offer: func(approvals.Request) error { shown++; return nil }}, nil)
	d := newTestDesk(o.store, o.people.dir)
	id := o.asked(approvals.Device{Name: "kiosk"}, approvals.Device{Name: "web1"}, approvals.Device{Name: "db1"})
	for n, want := range []struct{ device, chosen int }{{1, 1}, {2, 2}} {
		o.turns(50)
		r := o.load(id)
		if !r.Chooses() || r.Choice.Device != want.device || shown != n+1 {
			t.Fatalf("choice %d is %+v, shown %d times", n, r.Choice, shown)
		}
		o.pass(4 * time.Minute) // nothing happens meanwhile
		if taken := o.turns(50); taken != 0 {
			t.Errorf("%d steps while somebody chooses", taken)
		}
		by := By{Op: fmt.Sprint("pick", n), User: "U1", Place: r.Place}
		for range 2 { // the second is a redelivery
			got, err := d.Pick(t.Context(), by, id, want.device, approvalstest.DeviceNo(want.chosen).ID)
			if err != nil || got.Devices[want.device].ID != approvalstest.DeviceNo(want.chosen).ID {
				t.Fatalf("%+v, %v", got.Devices, err)
			}
		}
	}
	o.turns(50)
	r := o.load(id)
	if r.State != approvals.Pending || r.Devices[0].ID != approvalstest.DeviceNo(4).ID || r.Devices[1].Name != "web1.b.example" || !r.Devices[2].Verified || r.Choice.Offered != nil {
		t.Errorf("%s with %+v", r.State, r.Devices)
	}
}

// TestChooseShownAgain: what is to be chosen is shown until that is known to have worked: a
// crash between showing and saving shows it twice, a chat that fails is tried again.
func TestChooseShownAgain(t *testing.T) {
	g := &registry{names: []string{"web1.a.example", "web1.b.example"}}
	shown, wrong := 0, error(nil)
	o := newOffice(t, g.ServeHTTP, nil, nil)
	o.chat = chatter{offer: func(approvals.Request) error {
		if shown++; shown == 3 {
			panic("the process ends here")
		}
		return wrong
	}}
	wrong = errors.New("slack is down")
	id := o.asked(approvals.Device{Name: "web1"})
	o.turns(50)
	if r := o.load(id); shown != 1 || r.Choice.Asked {
		t.Fatalf("shown %d times, asked %v", shown, r.Choice.Asked)
	}
	wrong = &approvals.Later{After: 2 * time.Second}
	o.pass(stepRetry)
	o.turns(50)
	wrong = nil
	o.pass(stepRetry)
	func() {
		defer func() { _ = recover() }()
		o.turns(50)
	}()
	if r := o.load(id); shown != 3 || r.Choice.Asked {
		t.Fatalf("shown %d times, asked %v; want it to be shown again", shown, r.Choice.Asked)
	}
	o.pass(time.Minute) // its lease runs out
	o.turns(50)
	if r := o.load(id); shown != 4 || !r.Choice.Asked {
		t.Errorf("shown %d times, asked %v", shown, r.Choice.Asked)
	}
	o.pass(5 * time.Minute)
	o.turns(50)
	if r := o.load(id); r.State != approvals.Rejected || r.Ended.Why.Reason != approvals.ChoiceTimeout || r.Choice.Offered != nil {
		t.Errorf("%s, %+v; want rejected because nobody chose", r.State, r.Ended.Why)
	}
}

// TestDeskPick: whose choice counts, and why others do not.
func TestDeskPick(t *testing.T) {
	g := &registry{names: []string{"web1.a.example", "web1.b.example", "other"}}
	o := newOffice(t, g.ServeHTTP, chatter{}, nil)
	d := newTestDesk(o.store, o.people.dir)
	id := o.asked(approvals.Device{Name: "web1"})
	o.turns(50)
	place, ok := o.load(id).Place, approvalstest.DeviceNo(1).ID
	for name, tt := range map[string]struct {
		user   string
		place  approvals.Place
		id     string
		n      int
		chosen string
		want   approvals.Reason
	}{
		"an approver":      {"U2", place, id, 0, ok, approvals.NotYoursToPick},
		"in another place": {"U1", approvals.Place{Team: "T1", Channel: "C9"}, id, 0, ok, approvals.OtherMessage},
		"no such request":  {"U1", place, "D-000000", 0, ok, approvals.NoSuchRequest},
		"what cannot be":   {"U1", place, "pick", 0, ok, approvals.NoSuchRequest},
		"not offered":      {"U1", place, id, 0, approvalstest.DeviceNo(2).ID, approvals.NotOffered},
		"no such device":   {"U1", place, id, -1, ok, approvals.NotOffered},
	} {
		if _, err := d.Pick(t.Context(), By{Op: name, User: tt.user, Place: tt.place}, tt.id, tt.n, tt.chosen); !approvals.IsRefusal(err, tt.want) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	people, _ := o.people.dir.(approvalstest.Town)
	people.Down = true
	if _, err := newTestDesk(o.store, people).Pick(t.Context(), By{Op: "down", User: "U1", Place: place}, id, 0, ok); !approvals.IsRefusal(err, approvals.NotKnown) {
		t.Errorf("nobody knows who it is: %v", err)
	}
	if _, err := d.Pick(t.Context(), By{Op: "ok", User: "U1", Place: place}, id, 0, ok); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Pick(t.Context(), By{Op: "again", User: "U1", Place: place}, id, 0, approvalstest.DeviceNo(0).ID); !approvals.IsRefusal(err, approvals.AlreadyPicked) {
		t.Errorf("a second choice: %v", err)
	}
}

// TestPickTaken: a device that another request has open is not chosen; that one is named, and
// another device can still be chosen.
func TestPickTaken(t *testing.T) {
	g := &registry{names: []string{"web1.a.example", "web1.b.example"}}
	o := newOffice(t, g.ServeHTTP, chatter{}, nil)
	d := newTestDesk(o.store, o.people.dir)
	first := o.asked(approvals.Device{ID: approvalstest.DeviceNo(0).ID})
	id := o.asked(approvals.Device{Name: "web1"})
	o.turns(50)
	by := By{Op: "taken", User: "U1", Place: o.load(id).Place}
	_, err := d.Pick(t.Context(), by, id, 0, approvalstest.DeviceNo(0).ID)
	refused, _ := approvals.AsRefusal(err)
	if !approvals.IsRefusal(err, approvals.AlreadyOpen) || refused.Why.Other == nil || refused.Why.Other.Request != first || !o.load(id).Chooses() {
		t.Fatalf("a device of %s: %v", first, err)
	}
	by.Op = "free"
	if got, err := d.Pick(t.Context(), by, id, 0, approvalstest.DeviceNo(1).ID); err != nil || got.Chooses() {
		t.Errorf("another device: %+v, %v", got.Choice, err)
	}
}

// TestChooseCancelled: what waits for a choice can be cancelled, and is not worked on.
func TestChooseCancelled(t *testing.T) {
	g := &registry{names: []string{"web1.a.example", "web1.b.example"}}
	o := newOffice(t, g.ServeHTTP, chatter{}, nil)
	d := newTestDesk(o.store, o.people.dir)
	id := o.asked(approvals.Device{Name: "web1"})
	o.turns(50)
	place := o.load(id).Place
	if r, err := d.Cancel(t.Context(), pressed("U1", place), id); err != nil || r.State != approvals.Cancelled {
		t.Fatalf("%s, %v", r.State, err)
	}
	if _, err := d.Pick(t.Context(), By{Op: "late", User: "U1", Place: place}, id, 0, approvalstest.DeviceNo(0).ID); !approvals.IsRefusal(err, approvals.PickEnded) {
		t.Errorf("a choice after that: %v", err)
	}
}
