package approvals

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

	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// office is one worker whose time the test moves, with a Defender, a chat and
// people that do what the test says.
type office struct {
	*Worker

	t     *testing.T
	redis *miniredis.Miniredis
	mu    sync.Mutex
	now   time.Time
}

// newOffice opens one. The Defender answers everything but tokens.
func newOffice(t *testing.T, answer http.HandlerFunc, chat Chat, people Directory) *office {
	t.Helper()
	o := &office{t: t, redis: redistest.Mini(t), now: start}
	o.redis.SetTime(start)
	actions := defender.Actions()
	for i := range actions {
		actions[i].Post.Limits = []defender.Limit{{Calls: 1000, Per: time.Hour}}
	}
	s := NewStore(StoreConfig{Redis: redistest.Client(t, o.redis.Addr()), Workspace: Workspace{App: "A1", Team: "T1"}, Catalogue: actions, Clock: o.clock})
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if people == nil {
		people = town{people: map[string]Facts{"U1": {Person: asker}, "U2": {Person: leader}, "U3": {Person: second}}}
	}
	o.Worker = NewWorker(WorkerConfig{
		Store: s, Defender: defenderThat(t, o.clock, answer), People: people, Chat: chat, Log: slog.New(slog.DiscardHandler),
		Policy: Policy{Approvers: List{Users: []string{"U2", "U3"}}, Needed: 1},
	})
	return o
}

// defenderThat is a client of a Defender that answers as told.
func defenderThat(t *testing.T, clock func() time.Time, answer http.HandlerFunc) *defender.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/token") {
			answer(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x.y.z"}`)
	}))
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
	o.redis.SetTime(o.now)
}

// turns takes steps of all that is due until nothing is, and at most so many.
func (o *office) turns(most int) (taken int) {
	o.t.Helper()
	for {
		got, _, err := o.store.claim(o.t.Context(), atOnce)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, c := range got {
			o.take(o.t.Context(), c)
			if taken++; taken == most {
				return taken
			}
		}
		if len(got) == 0 {
			return taken
		}
	}
}

// working is a request with one call on each of so many devices, of which the
// first few run in Defender, as j0, j1 and so on.
func (o *office) working(action string, devices, running int) Request {
	o.t.Helper()
	a := asked()
	a.Action = action
	for i := range devices {
		a.Devices = append(a.Devices, device(i))
	}
	r, err := o.store.Create(o.t.Context(), newOp(), a, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	r = apply(o.t, o.store, r, Resolve{Devices: a.Devices})
	r = apply(o.t, o.store, r, Show{TS: "1.1", Visible: r.Visible})
	r = apply(o.t, o.store, r, Approve{By: leader, Digest: r.Digest()})
	for i := range running {
		if r, err = o.store.Apply(o.t.Context(), newOp(), r, sending(o.store, i)); err != nil {
			o.t.Fatal(err)
		}
		r = apply(o.t, o.store, r, On{i, Accept{Attempt: 1, Job: Job{ID: fmt.Sprint("j", i)}}})
	}
	return r
}

func (o *office) load(id string) Request {
	o.t.Helper()
	r, err := o.store.Load(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return r
}

// chatter is a chat that does what the test says, and is silent otherwise.
type chatter struct {
	show func(Request) (string, error)
	say  func(Request) error
}

func (c chatter) Show(_ context.Context, r Request) (string, error) {
	if c.show == nil {
		return "1.1", nil
	}
	return c.show(r)
}

func (c chatter) Say(_ context.Context, r Request, _ int) error {
	if c.say == nil {
		return nil
	}
	return c.say(r)
}

func (chatter) Tell(context.Context, Request) error { return nil }

// jobOf is the job that a request to Defender names.
func jobOf(r *http.Request) string { return r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:] }
