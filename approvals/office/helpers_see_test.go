package office

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// library is a desk where people read: U1 and U9 ask, U2 decides on everything, U3 on collect
// alone, U8 is a guest.
type library struct {
	*Desk

	t   *testing.T
	now time.Time // of this machine and of Redis
}

func newLibrary(t *testing.T, answer http.HandlerFunc) *library {
	t.Helper()
	l := &library{t: t, now: approvalstest.Start}
	mini := redistest.Mini(t)
	mini.SetTime(l.now)
	clock := func() time.Time { mini.SetTime(l.now); return l.now }
	s := ledger.NewStore(ledger.StoreConfig{Redis: redistest.Client(t, mini.Addr()), Tenant: tenant, Installation: installation, Catalogue: roomyActions(), Clock: clock})
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	people := approvalstest.Town{People: map[string]approvals.Facts{
		"U8": {Person: approvals.Person{ID: "U8"}, Guest: true}, "U9": {Person: approvals.Person{ID: "U9"}},
		"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second},
	}, Groups: map[string][]string{"S1": {"U2"}}}
	lead := approvals.List{Groups: []string{"S1"}}
	p := approvals.Policy{Default: approvals.Rule{Approvers: lead, Needed: 1}, ByAction: map[string]approvals.Rule{
		"collect": {Approvers: approvals.List{Users: []string{"U3"}, Groups: []string{"S1"}}, Needed: 1},
		"isolate": {Approvers: lead, Needed: 1}, "scan": {Approvers: lead, Needed: 1, Off: true},
	}}
	d := defenderThat(t, clock, answer)
	w := NewWorker(WorkerConfig{Store: s, Defender: d, People: people, Policy: p, Log: slog.New(slog.DiscardHandler)})
	l.Desk = NewDesk(DeskConfig{Store: s, Defender: d, People: people, Policy: p, Roster: NewRoster(people, p, slog.New(slog.DiscardHandler)), Worker: w, Terms: approvalstest.Sample(approvals.Pending, "").Terms})
	return l
}

// withoutGroups has Slack answer about no group.
func (l *library) withoutGroups() {
	town, _ := l.people.dir.(approvalstest.Town)
	town.Groups = nil
	l.people.dir = town
}

// asked has somebody ask for an action on a device in a channel, a second after the last one.
func (l *library) asked(user, action, channel string, d approvals.Device) approvals.Request {
	l.t.Helper()
	l.now = l.now.Add(time.Second)
	r := approvalstest.Asked(d)
	r.Action, r.By, r.Place.Channel = action, approvals.Person{ID: user}, channel
	r, err := l.store.Create(l.t.Context(), ledger.NewOp(), r, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return apply(l.t, l.store, r, approvals.Resolve{Devices: []approvals.Device{d}})
}

// cancelled is asked and taken back.
func (l *library) cancelled(user, action, channel string, d approvals.Device) approvals.Request {
	l.t.Helper()
	return apply(l.t, l.store, l.asked(user, action, channel, d), approvals.Cancel{By: approvals.Person{ID: user}})
}

// in is somebody who types in a channel; aloud: for everybody there.
func in(user, channel string) By {
	return By{User: user, Place: approvals.Place{Team: "T1", Channel: channel}}
}

func aloud(by By) By { by.Public = true; return by }

func idsIn(requests []approvals.Request) (ids []string) {
	for _, r := range requests {
		ids = append(ids, r.ID)
	}
	return ids
}
