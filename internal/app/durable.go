package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
)

// checkDurable checks that Redis neither evicts keys nor forgets them at a restart.
// Where that is permitted it warns of it, once.
func (a *App) checkDurable(ctx context.Context, p *parts) (detail string, err error) {
	err = durable(ctx, p.rdb)
	switch {
	case err == nil:
		return "durable", nil
	case !a.config.AllowVolatile || !isFinal(err): // what could not be asked is not permitted either
		return "", err
	case !p.warned:
		p.warned = true
		a.options.Log.WarnContext(ctx, "redis may lose approvals", "permitted_by", "ALLOW_VOLATILE_REDIS", "error", err,
			"lost", "requests that wait, what was sent and the windows of Microsoft's limits: a call could be made twice or beyond a limit")
	}
	return "may lose what it confirmed, which ALLOW_VOLATILE_REDIS permits", nil
}

// durable reads INFO, because CONFIG is often forbidden
// (https://redis.io/docs/latest/commands/info/).
func durable(ctx context.Context, rdb redis.UniversalClient) error {
	if c, ok := rdb.(*redis.ClusterClient); ok {
		return c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return durableNode(ctx, node) })
	}
	return durableNode(ctx, rdb)
}

// durableNode asks for what is needed; each has three answers: yes, no, and that
// Redis does not say.
func durableNode(ctx context.Context, rdb redis.Cmdable) error {
	for _, want := range []struct{ section, field, value, otherwise string }{
		{"memory", "maxmemory_policy", "noeviction", "its maxmemory-policy is not noeviction, so it may drop approvals; set it"},
		{"persistence", "aof_enabled", "1", "appendonly is off, so a restart loses approvals; switch it on"},
	} {
		text, err := rdb.Info(ctx, want.section).Result()
		if err != nil && ledger.FaultOf(err) != ledger.Unspecific { // that is a server without this section
			return fmt.Errorf("ask Redis about its %s: %w", want.section, err)
		}
		const permit = ", or set ALLOW_VOLATILE_REDIS=true for a trial"
		switch value, said := infoField(text, want.field); {
		case !said:
			return finalError{fmt.Errorf("it is not known whether redis is durable: INFO %s does not report %s; "+
				"use a Redis that reports it%s", want.section, want.field, permit)}
		case value != want.value:
			return finalError{errors.New("redis is not durable: " + want.otherwise + permit)}
		}
	}
	return nil
}

// infoField is a field of INFO, and whether it is there.
func infoField(text, field string) (value string, said bool) {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && name == field {
			return value, true
		}
	}
	return "", false
}

// mends are what an operator does about a fault of Redis, where more is to be said
// than mendRedis says.
func mends() map[ledger.Fault]string {
	return map[ledger.Fault]string{
		"OOM":            "free memory or raise maxmemory: with noeviction Redis refuses all that is new",
		"READONLY":       "REDIS_URL leads to a replica: name the master, or Sentinel or Cluster, which know it",
		"NOREPLICAS":     "bring its replicas back: min-replicas-to-write asks for more than there are",
		"NOAUTH":         "put the user and the password into REDIS_URL",
		"WRONGPASS":      "see that the user and the password in REDIS_URL are right",
		"MISCONF":        "see that Redis can write to its disk: it refuses changes until it can",
		"LOADING":        "nothing to do yet: Redis reads its data and is asked again",
		"WRONGTYPE":      "another program uses keys of the bot: give each a database or a server of its own",
		ledger.NoRight:   "give the bot's user the commands of docs/redis.md",
		ledger.NoCommand: "do not rename the commands of docs/redis.md; the bot needs Redis 7 or newer",
		ledger.Behind:    "bring its replicas back, or lower REDIS_WAIT_REPLICAS",
	}
}
