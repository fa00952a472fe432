package due

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/bench/due/piece"
	"defenderbot/bench/side"
	"defenderbot/defender"
	"defenderbot/internal/audit"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// The kinds of the bot's jobs: events of the audit trail, and the card in the channel.
const (
	expire  = "expire"  // a request that nobody decided on
	resolve = "resolve" // a device is looked up at Defender, and the request put to its approvers
	card    = "card"
)

// bot is the stage of the bot: a Redis, and a world around it.
type bot struct {
	*side.World

	redis   *side.Redis
	store   *ledger.Store // that of the bot, in this process: requests are planned with it
	program string
	began   int    // processes that were started
	hanging string // the channel in which a card hangs; empty: none
}

// openBot opens the stage of the bot.
func openBot(ctx context.Context, lab *side.Lab) (stage, error) {
	program, err := lab.Bot(ctx)
	if err != nil {
		return nil, err
	}
	r, err := lab.Redis(ctx)
	if err != nil {
		return nil, err
	}
	w, err := side.Open(r) //nolint:contextcheck // it outlives this call
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	cloud := defender.Namesakes("global")[0]
	store := ledger.NewStore(ledger.StoreConfig{
		Redis: r.Client, Catalogue: defender.Actions(), Clock: time.Now, Retention: retention,
		Tenant:       ledger.Tenant{Authority: cloud, Tenant: w.Tenant, Client: defenderfake.DefaultClientID},
		Installation: ledger.Installation{App: w.Slack.AppID(), Team: w.Slack.TeamID()},
	})
	b := &bot{World: w, redis: r, store: store, program: program}
	if err := store.Prepare(ctx); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// retention is the bot's default.
const retention = 90 * 24 * time.Hour

func (b *bot) start(ctx context.Context) (*side.Program, error) {
	p, err := side.Start(ctx, b.BotEnv(nil), b.program)
	if err != nil {
		return nil, err
	}
	b.began++
	const sockets = 2 // SLACK_CONNECTIONS, as it is by default
	if err := b.Greeted(ctx, p, b.began*sockets); err != nil {
		return nil, err
	}
	return p, nil
}

// plan makes requests that wait for approval until then. Each is in a channel of its own: that
// Slack takes one message a second in a channel plays no part.
func (b *bot) plan(ctx context.Context, at []time.Time) ([]appointment, error) {
	due := make([]appointment, len(at))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, t := range at {
		channel, device := b.channel("WAIT", i), b.Device(i)
		g.Go(func() (err error) {
			due[i], err = b.waiting(ctx, channel, device, t)
			return err
		})
	}
	return due, g.Wait()
}

// waiting makes a request that expires at a time, or some milliseconds later.
func (b *bot) waiting(ctx context.Context, channel, device string, at time.Time) (appointment, error) {
	devices := []approvals.Device{{ID: device, Name: "host.example", Verified: true, OS: "Windows11 24H2"}}
	terms := approvals.Terms{Needed: 1, ApprovalTTL: at.Sub(b.store.Now()), ExecutionTTL: time.Hour, Horizon: 73 * time.Hour, Retention: retention}
	r, err := b.store.Create(ctx, ledger.NewOp(), approvals.Request{
		Action: "collect", Devices: devices, Comment: "odd logins from two countries", By: approvals.Person{ID: sandbox.Ada, Name: "ada"},
		Place: approvals.Place{Team: b.Slack.TeamID(), Channel: channel}, Terms: terms,
	}, 0)
	if err == nil {
		r, err = b.store.Apply(ctx, ledger.NewOp(), r, func(approvals.Request) (approvals.Event, error) {
			return approvals.Resolve{Devices: devices, Budget: approvals.Budget{Left: 9, Of: 10, Per: time.Minute, At: b.store.Now()}}, nil
		})
	}
	if err != nil {
		return appointment{}, fmt.Errorf("plan a request: %w", err)
	}
	return appointment{job{expire, r.ID}, r.Deadline()}, nil
}

// channel makes a channel.
func (b *bot) channel(name string, n int) string {
	id := fmt.Sprintf("C0%s%04d", name, n)
	b.Slack.AddChannel(slackfake.Channel{ID: id, Name: fmt.Sprintf("%s-%d", name, n), Bot: true, Members: []string{sandbox.Ada, sandbox.Grace}})
	return id
}

// hang has somebody ask while Slack does not answer who posts a card, and then while Defender
// does not answer who looks up a device.
func (b *bot) hang(ctx context.Context) (hung []job, release func(), err error) {
	mute := b.Slack.Break(slackfake.Fault{Method: "chat.postMessage", Delay: time.Hour})
	b.hanging = b.channel("CARD", 0)
	if _, err := b.ask(ctx, b.hanging, 0, approvals.Draw); err != nil {
		return nil, nil, err
	}
	deaf := b.Defender.Inject(defenderfake.Fault{On: defenderfake.MachineGet, Delay: 15 * time.Second})
	id, err := b.ask(ctx, b.channel("LOOK", 0), 1, approvals.Clock)
	return []job{{card, b.hanging}, {resolve, id}}, func() { mute(); deaf() }, err
}

// ask asks for a device, and waits until somebody works on the request as it is to hang. It
// answers the request's id.
func (b *bot) ask(ctx context.Context, channel string, device int, k approvals.Kind) (string, error) {
	out, err := b.Slack.Command(ctx, sandbox.Ada, channel, "collect "+b.Device(device)+" odd logins")
	if err == nil && out.Shown != "" {
		err = errors.New(out.Shown)
	}
	if err != nil {
		return "", fmt.Errorf("ask in %s: %w", channel, err)
	}
	id, err := b.asked(ctx, channel)
	if err != nil {
		return "", err
	}
	err = eventually(ctx, 10*time.Second, func(ctx context.Context) (bool, error) { return b.held(ctx, k.Member(id)) })
	if err != nil {
		return "", fmt.Errorf("nobody works on %s: %w", k.Member(id), err)
	}
	return id, nil
}

// held reports whether somebody works on a member of the agenda.
func (b *bot) held(ctx context.Context, member string) (bool, error) {
	keys, err := b.redis.Keys(ctx, "*:held").Result()
	if err != nil || len(keys) == 0 {
		return false, err
	}
	err = b.redis.ZScore(ctx, keys[0], member).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// entries calls for each entry of the audit trail with the time when Redis took it.
func (b *bot) entries(ctx context.Context, each func(audit.Entry, time.Time)) error {
	for record, err := range b.store.Entries(ctx) {
		var e audit.Entry
		if err == nil {
			err = json.Unmarshal([]byte(record.Text), &e)
		}
		if err != nil {
			return fmt.Errorf("audit trail: %w", err)
		}
		at, err := piece.At(record.ID)
		if err != nil {
			return err
		}
		each(e, at)
	}
	return nil
}

// asked is the id of the request that was made in a channel.
func (b *bot) asked(ctx context.Context, channel string) (id string, err error) {
	err = b.entries(ctx, func(e audit.Entry, _ time.Time) {
		if e.Event == "ask" && e.Channel == channel {
			id = e.Request
		}
	})
	return id, err
}

func (b *bot) done(ctx context.Context) (map[job]time.Time, error) {
	done := map[job]time.Time{}
	if shown := b.Cards(b.hanging); len(shown) > 0 {
		done[job{card, b.hanging}] = shown[0].Versions[0].At
	}
	return done, b.entries(ctx, func(e audit.Entry, at time.Time) { done[job{e.Event, e.Request}] = at })
}

func (b *bot) idle(ctx context.Context, d time.Duration) (traffic, error) {
	return watch(ctx, b.redis.Addr, d)
}

func (b *bot) close() error { return errors.Join(b.Close(), b.redis.Close()) }
