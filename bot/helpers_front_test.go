package bot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/approvals/office"
	"defenderbot/defender"
	"defenderbot/internal/redistest"
	"defenderbot/internal/slackfake"
)

// front is a whole Slack side without sockets: envelopes are handed to it and answered
// before deliver returns. Nothing works on requests beside that.
type front struct {
	*Bot

	t       testing.TB
	slack   *slackfake.Server
	store   *ledger.Store
	redis   *redis.Client
	log     *book
	index   string           // the key of what was asked for
	reason  approvals.Reason // of the last refusal
	forms   atomic.Int64     // that were opened
	fetched atomic.Int64     // links to packages
	devices int              // that have been asked for
	sent    int              // envelopes
}

// mostTTL is how long what waits in the tests may.
const mostTTL = time.Hour

// frontOn opens one, with people that are added to its Slack before anybody is looked up.
func frontOn(t testing.TB, policy approvals.Policy, change func(*slackfake.Options)) *front {
	t.Helper()
	mini := redistest.Mini(t)
	mini.ClockTTL(false) // nothing here lives long enough, and it looks at every key each time
	return frontAt(t, mini.Addr(), policy, change)
}

// frontAt is frontOn with a Redis.
func frontAt(t testing.TB, redisAddr string, policy approvals.Policy, change func(*slackfake.Options)) *front {
	t.Helper()
	f := &front{t: t, log: &book{}}
	var o slackfake.Options
	if change != nil {
		change(&o)
	}
	o.Now = time.Now
	server, err := slackfake.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	f.slack = server
	client, err := NewWorkspace(t.Context(), WorkspaceConfig{APIURL: f.answering(), AppToken: server.AppToken(), BotToken: server.BotToken(), Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	v := views()
	v.Policy = policy
	client.Use(v)
	f.redis = redistest.Client(t, redisAddr)
	f.store = ledger.NewStore(ledger.StoreConfig{
		Redis: f.redis, Tenant: ledger.Tenant{Authority: "global", Tenant: "t", Client: "c"},
		Installation: ledger.Installation{App: client.App(), Team: client.Team()}, Catalogue: roomy(), Clock: time.Now,
	})
	if err := f.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(f.log, nil))
	worker := office.NewWorker(office.WorkerConfig{Store: f.store, People: client, Policy: policy, Chat: client, Log: log})
	desk := office.NewDesk(office.DeskConfig{
		Store: f.store, Defender: f.defender(), People: client, Policy: policy, Roster: office.NewRoster(client, policy, log), Worker: worker,
		Terms: approvals.Terms{ApprovalTTL: mostTTL, ExecutionTTL: mostTTL, Retention: mostTTL},
	})
	homes := NewHomes(client)
	homes.Use(desk, grammar())
	f.Bot = New(Config{
		Desk: desk, Workspace: client, Homes: homes, Grammar: grammar(), Clock: time.Now, Log: log,
		Refused: func(_ string, why approvals.Reason) { f.reason = why },
	})
	return f
}

// roomy is the catalogue with windows that are never full.
func roomy() defender.Catalogue {
	actions := defender.Actions()
	for i := range actions {
		actions[i].Post.Limits = []defender.Limit{{Calls: 100_000, Per: time.Hour}}
	}
	return actions
}

// answering stands before the Slack of f and takes what is said, so that no trigger and no
// channel has to be true; who somebody is, Slack says.
func (f *front) answering() (api string) {
	behind, err := url.Parse(f.slack.APIURL())
	if err != nil {
		f.t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = behind.Scheme, behind.Host }}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch method {
		case "views.open":
			f.forms.Add(1)
		case "chat.postEphemeral", "chat.postMessage", "conversations.open", "views.publish", "chat.delete":
		default:
			pass.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"ok":true,"ts":"1.1","channel":"C0X","message_ts":"1.1","view":{"id":"V1","hash":"1"}}`)
	}))
	f.t.Cleanup(s.Close)
	return s.URL + behind.Path
}

// defender answers with a token and a link to a package, whatever it is asked.
func (f *front) defender() *defender.Client {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/token") {
			io.WriteString(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"x.y.z"}`)
			return
		}
		f.fetched.Add(1)
		io.WriteString(w, `{"value":"https://packages.example/x?sig=1"}`)
	}))
	f.t.Cleanup(s.Close)
	tokens, err := defender.NewTokens(defender.TokenConfig{TokenURL: s.URL + "/token", ClientID: "c", Scope: "s", Credential: defender.Secret("x"), Now: time.Now})
	if err != nil {
		f.t.Fatal(err)
	}
	c, err := defender.New(defender.Config{BaseURL: s.URL, Tokens: tokens, Now: time.Now})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// deliver hands one envelope over and returns the frames that answered it.
func (f *front) deliver(e slackfake.Envelope) (acks []string) {
	f.t.Helper()
	f.sent++
	id := e.ID
	if id == "" {
		id = fmt.Sprint("envelope ", f.sent)
	}
	f.reason = ""
	f.dispatch(f.t.Context(), Envelope{
		ID: id, Type: e.Kind, TakesPayload: e.Accepts, Payload: e.Payload, Received: time.Now(),
		write: func(frame []byte) error {
			acks = append(acks, string(bytes.Clone(frame)))
			return nil
		},
	})
	if err := errors.Join(f.fetches.Wait(), f.apologies.Wait()); err != nil {
		f.t.Error(err)
	}
	return acks
}

// records are all requests, as they are stored.
func (f *front) records() map[string]string {
	f.t.Helper()
	all := map[string]string{}
	keys, err := f.redis.Keys(f.t.Context(), "*:D-*").Result()
	if err != nil {
		f.t.Fatal(err)
	}
	for _, key := range keys {
		if all[key], err = f.redis.Get(f.t.Context(), key).Result(); err != nil {
			f.t.Fatal(err)
		}
	}
	return all
}

// indexKey is the key of the index in which r is.
func (f *front) indexKey(r approvals.Request) string {
	return strings.TrimSuffix(f.store.Key(r.ID), r.ID) + "index"
}

// jsonText is a value as JSON.
func jsonText(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// interactive is the envelope of a payload of clicks and forms.
func interactive(t testing.TB, payload object) slackfake.Envelope {
	t.Helper()
	return slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: []byte(jsonText(t, payload))}
}

// take is what stands in the log, which is empty then.
func (b *book) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}
