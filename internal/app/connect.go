package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/bot"
)

const (
	firstRetry  = 500 * time.Millisecond
	lastRetry   = 15 * time.Second
	connectWait = 10 * time.Second // for one try
)

// until tries again and again, with longer pauses, until it works, ctx ends, or
// the error is one that no waiting mends.
func (a *App) until(ctx context.Context, what string, try func(context.Context) error) error {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		one, cancel := context.WithTimeout(ctx, connectWait)
		err := try(one)
		cancel()
		switch {
		case err == nil:
			a.watch.connected(what)
			return nil
		case ctx.Err() != nil:
			return ctx.Err() // err tells of the stop in whatever words a library has for it
		case errors.Is(err, bot.ErrPermanent), errors.Is(err, errVolatile):
			return err
		}
		a.watch.missing(what, err)
		a.options.Log.WarnContext(ctx, "cannot start yet; trying again", "waiting_for", what, "error", err, "again_in", pause.String())
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

func (a *App) connectSlack(ctx context.Context) (s *bot.Workspace, err error) {
	err = a.until(ctx, "slack", func(ctx context.Context) (err error) {
		s, err = bot.NewWorkspace(ctx, bot.WorkspaceConfig{
			APIURL: a.config.SlackAPIURL, AppToken: a.config.SlackAppToken, BotToken: a.config.SlackBotToken, Clock: a.options.Clock,
		})
		return err
	})
	return s, err
}

func (a *App) connectRedis(ctx context.Context, rdb redis.UniversalClient, store *ledger.Store) error {
	return a.until(ctx, "redis", func(ctx context.Context) error {
		if err := store.Prepare(ctx); err != nil {
			return err
		}
		if err := store.Inherit(ctx); err != nil {
			if !redis.HasErrorPrefix(err, "CROSSSLOT") { // in a Cluster they cannot be: docs/decisions/0007
				return err
			}
			a.options.Log.WarnContext(ctx, "calls of an older version not counted", "error", err)
		}
		if a.config.AllowVolatile {
			return nil
		}
		return durable(ctx, rdb)
	})
}

// lists are the people of the configuration by id.
type lists struct {
	approvers, requesters approvals.List
}

// resolve pins the handles of user groups to their ids.
func (a *App) resolve(ctx context.Context, s *bot.Workspace) (l lists, err error) {
	err = a.until(ctx, "slack's user groups", func(ctx context.Context) (err error) {
		if l.approvers, err = pin(ctx, s, a.config.Approvers); err != nil {
			return fmt.Errorf("APPROVERS: %w", err)
		}
		if l.requesters, err = pin(ctx, s, a.config.Requesters); err != nil {
			return fmt.Errorf("REQUESTERS: %w", err)
		}
		return nil
	})
	return l, err
}

func pin(ctx context.Context, s *bot.Workspace, p People) (approvals.List, error) {
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

// inheritEvery is how often the bot looks for what an older version has written:
// while one is replaced by the other, both run.
const inheritEvery = 10 * time.Second

// takeOver takes over what an older version wrote, until ctx ends.
func (a *App) takeOver(ctx context.Context, store *ledger.Store) error {
	said := ""
	for ctx.Err() == nil {
		n, err := store.TakeOver(ctx)
		if n > 0 {
			a.options.Log.InfoContext(ctx, "requests of an older version taken over", "requests", n)
		}
		if err != nil && ctx.Err() == nil && err.Error() != said {
			said = err.Error() // once: what cannot be taken over stays so
			a.options.Log.WarnContext(ctx, "requests of an older version not taken over", "error", err)
		}
		t := time.NewTimer(inheritEvery)
		select {
		case <-ctx.Done():
			t.Stop()
		case <-t.C:
		}
	}
	return nil
}
