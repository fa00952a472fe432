package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/approvals/office"
	"defenderbot/bot"
	"defenderbot/commands"
	"defenderbot/defender"
	"defenderbot/internal/audit"
)

// Options are what a program decides and not a person who configures it.
type Options struct {
	Catalogue defender.Catalogue // what can be asked of a device
	Clock     func() time.Time
	Log       *slog.Logger
	Version   string
	// RosterEvery is how often approvers are looked up again, with pauses of a
	// hundredth of it; zero: every five minutes. Tests shorten it.
	RosterEvery time.Duration
	// RecheckEvery is how often what was checked at the start is checked again, with
	// pauses of no more than it; zero: every minute. Tests shorten it.
	RecheckEvery time.Duration
	// JumpLimit is by how much Redis's clock may move against Clock before its jump is
	// noticed; zero: the second that windows have to spare. A place whose time is moved
	// on purpose sets more.
	JumpLimit time.Duration
	// CensusEvery is how often processes tell each other how many sockets they have;
	// zero: every ten seconds. Tests shorten it.
	CensusEvery time.Duration
	// Hook is put on every Redis client; nil: none. Tests count with it.
	Hook redis.Hook
}

// App is one process of the bot.
type App struct {
	config  Config
	options Options
	watch   *watch
}

// New makes an App. It starts nothing and speaks to nobody.
func New(c Config, o Options) *App {
	return &App{config: c, options: o, watch: newWatch(o)}
}

// Ready says why the bot cannot take commands now; nil if it can.
func (a *App) Ready(ctx context.Context) error {
	_, err := a.watch.ready(ctx)
	return err
}

// Run connects, works until ctx ends, finishes what is in flight within 25
// seconds and returns nil. Any other end is an error.
func (a *App) Run(ctx context.Context) error {
	for _, w := range a.config.Warnings {
		a.options.Log.WarnContext(ctx, "configuration doubtful", "doubt", w)
	}
	listener, err := a.listen(ctx)
	if err != nil {
		return err
	}
	g, running := errgroup.WithContext(ctx)
	if listener != nil {
		g.Go(func() error { return a.serveHTTP(running, listener) })
	}
	g.Go(func() error { return a.work(running) })
	g.Go(func() error {
		<-running.Done()
		if ctx.Err() != nil {
			a.options.Log.InfoContext(ctx, "stopping", "takes_at_most", "25s")
		}
		return nil
	})
	err = g.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		a.options.Log.InfoContext(ctx, "stopped")
		return nil
	}
	return err
}

// work connects to Slack and works there. From then on a token that dies ends
// it, also while it waits for something else.
func (a *App) work(ctx context.Context) error {
	p, err := a.newParts()
	if err != nil {
		return err
	}
	defer func() {
		if err := p.rdb.Close(); err != nil {
			a.options.Log.WarnContext(ctx, "redis close failed", "error", err)
		}
	}()
	checks := slices.Concat(a.slackChecks(p), a.redisChecks(p), a.beginChecks(p))
	if err := a.until(ctx, checks[0]); err != nil { // Slack's
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.watchToken(ctx, p.slack) })
	g.Go(func() error {
		for _, c := range checks[1:] {
			if err := a.until(ctx, c); err != nil {
				return err
			}
		}
		return a.run(ctx, p)
	})
	return g.Wait()
}

// run is deliberately one straight function: it is the picture of what is
// connected to what.
func (a *App) run(ctx context.Context, p *parts) error {
	c, log, clock := a.config, a.options.Log, a.options.Clock
	grammar := Grammar(a.options.Catalogue, c.Actions, c.MaxDevices)
	grammar.Alone = c.BreakGlass
	p.slack.Use(bot.Views{
		Slash:  grammar.Slash,
		Policy: p.policy, Counts: p.roster.Counts, Catalogue: a.options.Catalogue, Investigation: c.LinkInvestigation,
		DevicePage:   func(id string) string { return c.Cloud.DevicePage(id, c.Tenant) },
		ActionCenter: c.Cloud.ActionCenter(c.Tenant), Permalink: p.slack.Permalink,
	})
	homes := bot.NewHomes(p.slack)
	answers := bot.NewAnswers(clock)
	worker := office.NewWorker(office.WorkerConfig{
		Store: p.store, Defender: p.client, People: p.slack, Policy: p.policy, Roster: p.roster, Chat: p.slack, Homes: homes, Log: log,
		Sealer:  audit.Sealer{Origin: audit.Origin(p.slack.App(), p.slack.Team()), Key: c.AuditKey},
		Answers: answers,
	})
	desk := office.NewDesk(office.DeskConfig{
		Store: p.store, Defender: p.client, People: p.slack, Policy: p.policy, Roster: p.roster, Worker: worker, MaxOpen: c.MaxOpen,
		Terms: approvals.Terms{ApprovalTTL: c.ApprovalTTL, ExecutionTTL: c.ExecutionTTL, Retention: c.Retention, Reach: c.DevicesPerHour},
	})
	homes.Use(desk, grammar)
	refusals := office.NewRefusals(p.store, p.slack, log)
	var foreign atomic.Bool
	front := bot.New(bot.Config{
		Desk: desk, Workspace: p.slack, Homes: homes, Grammar: grammar, Clock: clock, Log: log,
		Answered: a.watch.answered, Refused: a.watch.refused, Refusals: refusals, Answers: answers, Foreign: foreign.Load,
	})
	session := &bot.Session{
		Open: p.slack.OpenSocket, Handle: front.Handle, Sockets: c.SlackConnections, App: p.slack.App(), Drained: front.Idle,
		Clock: clock, Log: log, Count: a.watch.socketEvent,
	}
	a.watch.started(a.runningChecks(p, session))
	a.watch.shows(p, session, p.tokens, a)
	log.InfoContext(ctx, "running", "version", a.options.Version, "team", p.slack.Team(), "cloud", c.Cloud.Name, "credential", c.Credential.Kind())
	log.LogAttrs(ctx, slog.LevelInfo, "rules in force", a.rules(p.policy)...)

	// The bot outlives the session: what came in is answered before it stops, and then what
	// was refused is written down.
	answering, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	noting, answered := context.WithCancel(context.WithoutCancel(ctx))
	defer answered()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer stop()
		return session.Run(ctx)
	})
	g.Go(func() error {
		defer answered()
		return front.Run(answering)
	})
	g.Go(func() error { return refusals.Run(noting) })
	g.Go(func() error { return worker.Run(ctx) })
	g.Go(func() error { return a.takeOver(ctx, p.store) })
	g.Go(func() error { return a.reindex(ctx, p.store) })
	g.Go(func() error { return a.recheck(ctx, a.laterChecks(p)...) })
	g.Go(func() error { return a.count(ctx, p.store, session, &foreign) })
	g.Go(func() error {
		a.warn(ctx, p)
		return nil
	})
	g.Go(func() error { return p.tokens.Run(ctx) })
	if len(p.policy.Groups()) > 0 {
		g.Go(func() error { return p.slack.KeepGroups(ctx) })
	}
	g.Go(func() error { return p.roster.Run(ctx, cmp.Or(a.options.RosterEvery, rosterEvery)) })
	return g.Wait()
}

func (a *App) store(rdb redis.UniversalClient, w ledger.Installation) *ledger.Store {
	c := a.config
	// The cloud is named as the first version named its widest host, so that the
	// windows of most go on where they were. Whether a process reaches it by another
	// address is its own business.
	clouds := defender.Namesakes(c.Cloud.Name)
	return ledger.NewStore(ledger.StoreConfig{
		Redis: rdb, Tenant: ledger.Tenant{Authority: clouds[0], Tenant: c.Tenant, Client: c.ClientID}, Installation: w, Clouds: clouds,
		Catalogue: a.options.Catalogue, Clock: a.options.Clock, Replicas: c.WaitReplicas, OnDisk: c.WaitAOF, Retention: c.Retention, Alerts: c.AlertChannel, Observe: a.observe,
		Failed: a.watch.redisFailed, Jumped: a.jumped, Lost: a.redisLost, JumpLimit: a.options.JumpLimit,
	})
}

// Grammar is that of /defender for a catalogue of which those actions are switched
// on.
func Grammar(catalogue defender.Catalogue, on []string, maxDevices int) commands.Grammar {
	g := commands.Grammar{Slash: "/defender", MaxDevices: maxDevices}
	for _, a := range catalogue {
		g.Actions = append(g.Actions, commands.Action{
			Name: a.Name, Also: a.Also, Summary: a.Title, Note: a.Notice(), Ended: a.Ended != nil, Off: !slices.Contains(on, a.Name),
		})
	}
	return g
}
