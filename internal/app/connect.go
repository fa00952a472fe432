package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/approvals/office"
	"defenderbot/bot"
	"defenderbot/defender"
)

// parts are what the bot is made of once it is connected.
type parts struct {
	slack  *bot.Workspace
	policy approvals.Policy
	roster *office.Roster
	rdb    redis.UniversalClient
	store  *ledger.Store
	tokens *defender.Tokens
	client *defender.Client
	start  ledger.Op        // with which this process writes down that it starts
	warned map[string]error // which checks found that Redis may lose approvals, and that was permitted
}

// newParts are parts of which only the ways to Redis, Entra and Defender are known.
func (a *App) newParts() (*parts, error) {
	p := &parts{warned: map[string]error{}}
	if err := a.meetMicrosoft(p); err != nil {
		return nil, err
	}
	p.rdb = a.config.Redis()
	p.rdb.AddHook(stopwatch{clock: a.options.Clock, took: a.watch.traffic.redisTook})
	if a.options.Hook != nil {
		p.rdb.AddHook(a.options.Hook)
	}
	return p, nil
}

// slackChecks connect the parts to Slack, each with the help of those before it. They
// write nothing that lasts, as redisChecks do not.
func (a *App) slackChecks(p *parts) []check {
	return []check{
		{name: "slack", run: with(p, a.connectSlack), mend: "check that this host can reach SLACK_API_URL, and that Slack is up"},
		{name: "slack's user groups", needs: "slack", run: with(p, a.resolve), mend: "check that each @handle in APPROVERS, REQUESTERS and ESCALATE_TO is a user group of the workspace"},
		{name: "approvers", needs: "slack's user groups", run: with(p, a.muster), mend: mendApprovers},
	}
}

// redisChecks connect the parts to Redis, with the help of slackChecks.
func (a *App) redisChecks(p *parts) []check {
	return append([]check{{name: "redis", needs: "slack", run: with(p, a.connectRedis), mend: mendRedis}}, a.keeps(p)...)
}

func with(p *parts, connect func(context.Context, *parts) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) { return connect(ctx, p) }
}

// beginChecks come last before the bot works: what was left is taken over, and that it
// starts is written down.
func (a *App) beginChecks(p *parts) []check {
	return []check{
		{name: "redis", run: func(ctx context.Context) (string, error) { return a.inherit(ctx, p) }, mend: mendRedis},
		{name: "rules", run: func(ctx context.Context) (string, error) { return a.noteStart(ctx, p) }, mend: mendRedis},
	}
}

// laterChecks are made again and again while the bot runs.
func (a *App) laterChecks(p *parts) []check {
	return append([]check{
		{name: "redis", run: func(ctx context.Context) (string, error) { return "", named(p.store.Check(ctx)) }, mend: mendRedis},
	}, a.keeps(p)...)
}

// named begins what Redis did not do with the one word for it, where that is not in
// the error.
func named(err error) error {
	if f := string(ledger.FaultOf(err)); f != "" && !strings.Contains(err.Error(), f) {
		return fmt.Errorf("%s: %w", f, err)
	}
	return err
}

const (
	mendApprovers = "list people in APPROVERS who may decide, and in REQUESTERS who may ask"
	mendRedis     = "check that REDIS_URL is right (rediss:// for TLS), and that Redis is up and accepts writes"
)

func (a *App) connectSlack(ctx context.Context, p *parts) (detail string, err error) {
	p.slack, err = bot.NewWorkspace(ctx, bot.WorkspaceConfig{
		APIURL: a.config.SlackAPIURL, AppToken: a.config.SlackAppToken, BotToken: a.config.SlackBotToken, Clock: a.options.Clock,
		Called: a.watch.traffic.slackCalled,
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("app %s in team %s", p.slack.App(), p.slack.Team()), nil
}

// resolve pins the handles of user groups to their ids.
func (a *App) resolve(ctx context.Context, p *parts) (detail string, err error) {
	approvers, err := pin(ctx, p.slack, a.config.Approvers)
	if err != nil {
		return "", fmt.Errorf("APPROVERS: %w", err)
	}
	requesters, err := pin(ctx, p.slack, a.config.Requesters)
	if err != nil {
		return "", fmt.Errorf("REQUESTERS: %w", err)
	}
	leads, err := pin(ctx, p.slack, a.config.EscalateTo)
	if err != nil {
		return "", fmt.Errorf("ESCALATE_TO: %w", err)
	}
	p.policy = a.policy(approvers, requesters, leads)
	return fmt.Sprintf("%d in use", len(p.policy.Groups())), nil
}

// pin does so for a whole setting.
func pin(ctx context.Context, s *bot.Workspace, by ByAction[People]) (ids ByAction[approvals.List], err error) {
	ids.Own = map[string]approvals.List{}
	if ids.Default, err = pinList(ctx, s, by.Default); err != nil {
		return ids, err
	}
	for action, p := range by.Own {
		if ids.Own[action], err = pinList(ctx, s, p); err != nil {
			return ids, err
		}
	}
	return ids, nil
}

func pinList(ctx context.Context, s *bot.Workspace, p People) (approvals.List, error) {
	l := approvals.List{Users: p.Users, Groups: p.Groups}
	for _, handle := range p.Handles {
		id, err := s.GroupNamed(ctx, handle)
		if err != nil {
			return approvals.List{}, err
		}
		l.Groups = append(l.Groups, id)
	}
	return l, nil
}

func (a *App) connectRedis(ctx context.Context, p *parts) (detail string, err error) {
	p.store = a.store(p.rdb, ledger.Installation{App: p.slack.App(), Team: p.slack.Team()})
	if err := p.store.Prepare(ctx); err != nil {
		return "", named(err)
	}
	return "accepts everything that the bot writes", nil
}

// inherit takes over the windows that an older version has left.
func (a *App) inherit(ctx context.Context, p *parts) (detail string, err error) {
	if err := p.store.Inherit(ctx); err != nil {
		if !redis.HasErrorPrefix(err, "CROSSSLOT") { // in a Cluster they cannot be: docs/decisions/0007
			return "", named(err)
		}
		a.options.Log.WarnContext(ctx, "calls of an older version not counted", "error", err)
	}
	return "calls of older versions are counted", nil
}

// inheritEvery is how often the bot looks for what an older version has written:
// while one is replaced by the other, both run.
const inheritEvery = 10 * time.Second

// takeOver takes over what an older version wrote, until ctx ends.
func (a *App) takeOver(ctx context.Context, store *ledger.Store) error {
	for said := ""; ; {
		n, err := store.TakeOver(ctx)
		if n > 0 {
			a.options.Log.InfoContext(ctx, "requests of an older version taken over", "requests", n)
		}
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error() // once: what cannot be taken over stays so
			a.options.Log.WarnContext(ctx, "requests of an older version not taken over", "error", err)
		}
		if err := rest(ctx, inheritEvery); err != nil {
			return err
		}
	}
}

// reindexAgain is when the index is completed a second time: what older versions wrote has
// been taken over by then, and none of them writes any more.
const reindexAgain = ledger.UpdateLimit + time.Minute

// reindex completes the index where older versions have left something out, so that lists have
// all that there is.
func (a *App) reindex(ctx context.Context, store *ledger.Store) error {
	for _, wait := range []time.Duration{0, reindexAgain} {
		if err := rest(ctx, wait); err != nil {
			return err
		}
		if err := a.reindexOnce(ctx, store); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) reindexOnce(ctx context.Context, store *ledger.Store) error {
	for said := ""; ; {
		n, err := store.Reindex(ctx)
		if n > 0 {
			a.options.Log.InfoContext(ctx, "index completed", "entries", n)
		}
		if err == nil {
			return nil
		}
		if ctx.Err() == nil && err.Error() != said {
			said = err.Error()
			a.options.Log.WarnContext(ctx, "index not completed, lists may lack requests of an older version", "error", err)
		}
		if err := rest(ctx, inheritEvery); err != nil {
			return err
		}
	}
}
