package bot

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"strings"
	"sync"
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

// serveAll runs a Bot until the returned function is called.
func serveAll(t *testing.T, b *Bot) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run of the bot: %v", err)
			}
		case <-soon(t).Done():
			t.Error("Run of the bot does not return")
		}
	})
}

// gate is a Redis hook that, once shut, holds every command up until it opens.
type gate struct {
	closed  atomic.Pointer[chan struct{}]
	waiting chan struct{} // one for each command that is held up
}

func (g *gate) shut() (open func()) {
	c := make(chan struct{})
	g.closed.Store(&c)
	return sync.OnceFunc(func() {
		g.closed.Store(nil)
		close(c)
	})
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if c := g.closed.Load(); c != nil {
			g.waiting <- struct{}{}
			<-*c
		}
		return next(ctx, cmd)
	}
}

// desked is a whole Slack side: workspace, session, bot and a desk on a Redis.
type desked struct {
	*watched

	slack  *slackfake.Server
	front  *Bot
	store  *ledger.Store
	redis  *redis.Client
	gate   *gate
	late   atomic.Int64 // by how much the bot's clock is ahead, in nanoseconds
	handed chan struct{}
}

func deskOn(t *testing.T, addr string, sockets int) *desked {
	t.Helper()
	d := &desked{gate: &gate{waiting: make(chan struct{}, 2*queueSize)}, handed: make(chan struct{}, 4*queueSize)}
	clock := func() time.Time { return time.Now().Add(time.Duration(d.late.Load())) }
	server, client := newWorkspace(t)
	d.slack, d.redis = server, redistest.Client(t, addr)
	d.redis.AddHook(d.gate)
	d.store = ledger.NewStore(ledger.StoreConfig{
		Redis: d.redis, Tenant: ledger.Tenant{Authority: "global", Tenant: "t", Client: "c"},
		Installation: ledger.Installation{App: client.App(), Team: client.Team()},
		Catalogue:    defender.Actions(), Clock: time.Now,
	})
	if err := d.store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	policy := approvals.Policy{Default: approvals.Rule{Approvers: approvals.List{Users: []string{clicker}}, Needed: 1}}
	d.front = New(Config{
		Workspace: client, Grammar: grammar(), Clock: clock, Log: quiet,
		Desk: office.NewDesk(office.DeskConfig{
			Store: d.store, People: client, Policy: policy, Roster: office.NewRoster(client, policy, quiet),
			Worker: office.NewWorker(office.WorkerConfig{Store: d.store, People: client, Policy: policy, Chat: client, Log: quiet}),
			Terms:  approvals.Terms{ApprovalTTL: time.Hour, ExecutionTTL: time.Hour, Retention: time.Hour},
		}),
	})
	stop := serveAll(t, d.front)
	d.watched = watch(t, client.OpenSocket, func(x *Session) {
		x.Sockets, x.Clock, x.Drained = sockets, clock, d.front.Idle
		x.Handle = func(e Envelope) {
			d.front.Handle(e)
			d.handed <- struct{}{}
		}
	})
	t.Cleanup(func() {
		d.stop() // as the app does it: the bot outlives the session
		stop()
	})
	d.happened("hello", sockets)
	sockWait(t, server, "all sockets", func() bool { return len(server.Sockets()) == sockets })
	return d
}

// await takes n from a channel.
func await(t *testing.T, what string, from <-chan struct{}, n int) {
	t.Helper()
	for i := range n {
		select {
		case <-from:
		case <-soon(t).Done():
			t.Fatalf("%s: %d of %d came", what, i, n)
		}
	}
}

// records are the ids of the requests in Redis.
func (d *desked) records() []string {
	d.t.Helper()
	keys, err := d.redis.Keys(d.t.Context(), "*:D-*").Result()
	if err != nil {
		d.t.Fatal(err)
	}
	return keys
}

// pendingRequest asks for a collection and puts it to the approvers.
func (d *desked) pendingRequest(user string) approvals.Request {
	d.t.Helper()
	return d.pendingFor("collect", user)
}

// pendingFor is the same for any action.
func (d *desked) pendingFor(action, user string) approvals.Request {
	d.t.Helper()
	target := approvals.Device{ID: strings.Repeat("a", 40)}
	r, err := d.store.Create(d.t.Context(), ledger.Op{ID: "ask-" + user}, approvals.Request{
		Action: action, Devices: []approvals.Device{target}, Comment: "odd", By: approvals.Person{ID: user},
		Place: approvals.Place{Team: d.slack.TeamID(), Channel: channel},
		Terms: approvals.Terms{ApprovalTTL: time.Hour, ExecutionTTL: time.Hour, Retention: time.Hour, Needed: 1, Horizon: time.Hour},
	}, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	r, err = d.store.Apply(d.t.Context(), ledger.Op{ID: "resolve-" + user}, r, func(approvals.Request) (approvals.Event, error) {
		return approvals.Resolve{Devices: []approvals.Device{target}}, nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// object is a JSON object.
type object = map[string]any

// pressOf is the envelope of a click on a button of a request's card.
func pressOf(t *testing.T, team, user, action string, r approvals.Request, forge ...func(payload, message object)) slackfake.Envelope {
	t.Helper()
	button := object{"type": "button", "action_id": action, "block_id": "b", "value": r.ID + "." + r.Digest(), "text": object{"type": "plain_text", "text": "x"}}
	message := object{
		"type": "message", "user": "U0DEFENDER", "bot_id": "B0DEFENDER", "ts": cardTS,
		"blocks": []any{object{"type": "actions", "block_id": "b", "elements": []any{button}}},
	}
	payload := object{
		"type": "block_actions", "user": object{"id": user, "team_id": team}, "team": object{"id": team},
		"container": object{"type": "message", "channel_id": channel, "message_ts": cardTS}, "channel": object{"id": channel},
		"message": message, "actions": []any{button},
	}
	for _, f := range forge {
		f(payload, message)
	}
	text, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return slackfake.Envelope{Kind: "interactive", Accepts: true, Payload: text}
}

// lose has Redis lose what the bot has seen there, and the bot find that out.
func (d *desked) lose() {
	d.t.Helper()
	d.pendingRequest(typist)
	look := func() {
		if _, _, err := d.store.Lease(d.t.Context(), 0); err != nil {
			d.t.Fatal(err)
		}
	}
	look()
	d.redis.FlushDB(d.t.Context())
	look()
}

// cardTS is the message that pressOf presses.
const cardTS = "1.000001"
