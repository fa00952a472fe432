package office

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/approvalstest"
	"defenderbot/internal/redistest"
)

// office is one worker whose time the test moves, with a Defender, a chat and
// people that do what the test says.
type office struct {
	*Worker

	t     *testing.T
	redis *miniredis.Miniredis
	rdb   *redis.Client
	mu    sync.Mutex
	now   time.Time
	ahead time.Duration // Redis's clock
}

// newOffice opens one. The Defender answers everything but tokens.
func newOffice(t *testing.T, answer http.HandlerFunc, chat approvals.Chat, people approvals.Directory) *office {
	t.Helper()
	o := &office{t: t, redis: redistest.Mini(t), now: approvalstest.Start}
	o.redis.SetTime(approvalstest.Start)
	o.rdb = redistest.Client(t, o.redis.Addr())
	s := o.version(roomyActions())
	if people == nil {
		people = approvalstest.Town{People: map[string]approvals.Facts{"U1": {Person: approvalstest.Asker}, "U2": {Person: approvalstest.Leader}, "U3": {Person: approvalstest.Second}}}
	}
	o.Worker = NewWorker(WorkerConfig{
		Store: s, Defender: defenderThat(t, o.clock, answer), People: people, Chat: chat, Log: slog.New(slog.DiscardHandler),
		Policy: ruled(approvals.Rule{Approvers: approvals.List{Users: []string{"U2", "U3"}}, Needed: 1}),
	})
	return o
}

// version is a store of a version with this catalogue.
func (o *office) version(actions defender.Catalogue) *ledger.Store {
	o.t.Helper()
	s := ledger.NewStore(ledger.StoreConfig{
		Redis: o.rdb, Tenant: tenant, Installation: installation, Clouds: []string{"eu"}, Catalogue: actions, Clock: o.clock,
	})
	if err := s.Prepare(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	return s
}

// knows makes the worker one of a version with this catalogue.
func (o *office) knows(actions defender.Catalogue) { o.store = o.version(actions) }

// key is the key in Redis that ends in a word.
func (o *office) key(word string) string {
	o.t.Helper()
	for _, key := range o.redis.Keys() {
		if strings.HasSuffix(key, ":"+word) && strings.Contains(key, ":"+installation.App+":") {
			return key
		}
	}
	o.t.Fatalf("there is no %s among %q", word, o.redis.Keys())
	return ""
}

// roomyActions are the catalogue with windows that are never full.
func roomyActions() defender.Catalogue {
	actions := defender.Actions()
	for i := range actions {
		actions[i].Post.Limits = []defender.Limit{{Calls: 1000, Per: time.Hour}}
	}
	return actions
}

var (
	tenant       = ledger.Tenant{Authority: "global", Tenant: "tenant", Client: "client"}
	installation = ledger.Installation{App: "A1", Team: "T1"}
)

func newTestStore(t testing.TB, rdb redis.UniversalClient, actions defender.Catalogue) *ledger.Store {
	t.Helper()
	s := ledger.NewStore(ledger.StoreConfig{Redis: rdb, Tenant: tenant, Installation: installation, Catalogue: actions, Clock: time.Now})
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func apply(t testing.TB, s *ledger.Store, r approvals.Request, e approvals.Event) approvals.Request {
	t.Helper()
	got, err := s.Apply(t.Context(), ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) { return e, nil })
	if err != nil {
		t.Fatalf("%s: %v", approvals.EventName(e), err)
	}
	return got
}

func pendingOn(t testing.TB, s *ledger.Store, devices ...approvals.Device) approvals.Request {
	t.Helper()
	r, err := s.Create(t.Context(), ledger.NewOp(), approvalstest.Asked(devices...), 0)
	if err != nil {
		t.Fatal(err)
	}
	return apply(t, s, r, approvals.Resolve{Devices: devices})
}

func approved(t testing.TB, s *ledger.Store, devices ...approvals.Device) approvals.Request {
	t.Helper()
	r := pendingOn(t, s, devices...)
	return apply(t, s, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
}

func sending(s *ledger.Store, call int) ledger.Decision {
	return func(approvals.Request) (approvals.Event, error) {
		return approvals.On{Call: call, Event: approvals.Send{NotAfter: s.Now().Add(approvals.SendLimit)}}, nil
	}
}

// defenderThat is a client of a Defender that answers as told; nil: it is down.
func defenderThat(t *testing.T, clock func() time.Time, answer http.HandlerFunc) *defender.Client {
	t.Helper()
	if answer == nil {
		answer = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "{}", http.StatusServiceUnavailable) }
	}
	return defenderAt(t, clock, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/token") {
			answer(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x.y.z"}`)
	})
}

// defenderAt is a client of a Defender and its login service, answered by one handler.
func defenderAt(t *testing.T, clock func() time.Time, answer http.HandlerFunc) *defender.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	tokens, err := defender.NewTokens(defender.TokenConfig{
		TokenURL: server.URL + "/token", ClientID: "c", Scope: "s", Credential: defender.Secret("x"), Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := defender.New(defender.Config{BaseURL: server.URL, Tokens: tokens, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

// pass lets time pass.
func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
	o.redis.SetTime(o.now.Add(o.ahead))
}

// turns takes steps of all that is due until nothing is, most of them at most.
func (o *office) turns(most int) (taken int) {
	o.t.Helper()
	for {
		got, _, err := o.store.Lease(o.t.Context(), atOnce)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, c := range got {
			o.work(o.t.Context(), c)
			if taken++; taken == most {
				return taken
			}
		}
		if len(got) == 0 {
			return taken
		}
	}
}

// working is a request with one call on each of its devices, of which the first
// few run in Defender, as j0, j1 and so on.
func (o *office) working(action string, devices, running int) approvals.Request {
	o.t.Helper()
	a := approvalstest.Asked()
	a.Action = action
	for i := range devices {
		d := approvalstest.DeviceNo(i)
		d.Verified = true // else it is looked up while its call runs
		a.Devices = append(a.Devices, d)
	}
	r, err := o.store.Create(o.t.Context(), ledger.NewOp(), a, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	r = apply(o.t, o.store, r, approvals.Resolve{Devices: a.Devices})
	r = apply(o.t, o.store, r, approvals.Show{TS: "1.1", Visible: r.Visible})
	r = apply(o.t, o.store, r, approvals.Approve{By: approvalstest.Leader, Digest: r.Digest()})
	for i := range running {
		if r, err = o.store.Apply(o.t.Context(), ledger.NewOp(), r, sending(o.store, i)); err != nil {
			o.t.Fatal(err)
		}
		r = apply(o.t, o.store, r, approvals.On{Call: i, Event: approvals.Accept{Attempt: 1, Job: approvals.Job{ID: fmt.Sprint("j", i)}}})
	}
	return r
}

func (o *office) load(id string) approvals.Request {
	o.t.Helper()
	r, err := o.store.Load(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// chatter is a chat that does what the test says, and is silent otherwise.
type chatter struct {
	show   func(approvals.Request) (string, error)
	say    func(approvals.Request) error
	retire func(ts string)
	offer  func(approvals.Request) error
	hears  func(approvals.Alarm) error
}

func (c chatter) Show(_ context.Context, r approvals.Request) (string, error) {
	if c.show == nil {
		return "1.1", nil
	}
	return c.show(r)
}

func (c chatter) Say(_ context.Context, r approvals.Request, _ int) error {
	if c.say == nil {
		return nil
	}
	return c.say(r)
}

func (c chatter) Offer(_ context.Context, r approvals.Request) error {
	if c.offer == nil {
		return nil
	}
	return c.offer(r)
}

func (chatter) Tell(context.Context, approvals.Request) error { return nil }

func (c chatter) Announce(_ context.Context, a approvals.Alarm) error {
	if c.hears == nil {
		return nil
	}
	return c.hears(a)
}

func (c chatter) Retire(_ context.Context, _, ts string) error {
	if c.retire != nil {
		c.retire(ts)
	}
	return nil
}

// jobOf is the job that a request to Defender names.
func jobOf(r *http.Request) string { return r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:] }

// ruled is a policy of one rule for everything.
func ruled(r approvals.Rule) approvals.Policy {
	return approvals.Policy{Default: r, ByAction: map[string]approvals.Rule{"collect": r}}
}

func newTestDesk(s *ledger.Store, people approvals.Directory) *Desk {
	return newDeskFor(s, people, approvals.List{Users: []string{"U2", "U3"}})
}

func newDeskFor(s *ledger.Store, people approvals.Directory, approvers approvals.List) *Desk {
	p := ruled(approvals.Rule{Approvers: approvers, Needed: 1})
	w := NewWorker(WorkerConfig{Store: s, People: people, Policy: p, Log: slog.New(slog.DiscardHandler)})
	return NewDesk(DeskConfig{Store: s, People: people, Policy: p, Roster: NewRoster(people, p, slog.New(slog.DiscardHandler)), Worker: w, Terms: approvalstest.Sample(approvals.Pending, "").Terms, MaxOpen: 5})
}

// pressed is a click of a user on the card in that place.
func pressed(user string, place approvals.Place) By {
	return By{Op: ledger.NewOp().ID, User: user, Place: place, On: Message{Copy: true}}
}
