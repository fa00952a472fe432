package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
)

// Durability is on whose word the bot believes that Redis keeps what it has confirmed.
type Durability string

// The two that there are.
const (
	ByAOF      Durability = "aof"      // Redis reports an append-only file
	ByProvider Durability = "provider" // the operator states it
)

// keeps are the checks that Redis keeps what it confirms: that it does not forget, and
// that it does not drop. A service can do the one without the other, and report neither.
func (a *App) keeps(p *parts) []check {
	const mend = "check that REDIS_URL is right (rediss:// for TLS), that Redis is up, and that the bot's user may run INFO"
	durability := check{name: "redis durability", run: func(ctx context.Context) (string, error) { return a.checkDurable(ctx, p) }, mend: mend}
	if a.config.WaitAOF {
		durability.needs = "redis"
	}
	return []check{
		durability,
		{name: "redis eviction", run: func(ctx context.Context) (string, error) { return a.checkEviction(ctx, p) }, mend: mend},
	}
}

// reported is what Redis says of one of these questions.
type reported int

// In order of how much speaks against it.
const (
	yes reported = iota
	silent
	no
)

// checkDurable checks that Redis does not forget what it has confirmed, and where changes
// wait for its disk, that they get there in time.
func (a *App) checkDurable(ctx context.Context, p *parts) (detail string, err error) {
	is, _, err := reports(ctx, p.rdb, "persistence", "aof_enabled", "1")
	stated := a.config.Durability == ByProvider
	switch {
	case err != nil:
		return "", err
	case is == yes:
		detail = "appendonly is on"
	case stated && is == no:
		detail = "you state it (REDIS_DURABILITY=provider); Redis itself reports that appendonly is off"
	case stated:
		detail = "you state it (REDIS_DURABILITY=provider); Redis itself does not report it"
	case is == no:
		return a.volatile(ctx, p, "redis durability", errors.New("redis is not durable: appendonly is off, so a restart loses approvals; switch it on; "+
			"set REDIS_DURABILITY=provider if whoever runs this Redis keeps what it confirms in another way"))
	default:
		return a.volatile(ctx, p, "redis durability", errors.New("it is not known whether redis is durable: INFO persistence does not report aof_enabled; "+
			"set REDIS_DURABILITY=provider if whoever runs this Redis keeps what it confirms"))
	}
	if !a.config.WaitAOF {
		return detail, nil
	}
	took, err := p.store.ToDisk(ctx)
	return fmt.Sprintf("%s, and a change was on the disk after %s", detail, took.Round(time.Millisecond)), named(err)
}

// checkEviction checks that Redis drops nothing when its memory is full. What it reports
// itself outranks whatever anybody states.
func (a *App) checkEviction(ctx context.Context, p *parts) (detail string, err error) {
	is, policy, err := reports(ctx, p.rdb, "memory", "maxmemory_policy", "noeviction")
	switch {
	case err != nil:
		return "", err
	case is == yes:
		return "maxmemory-policy is noeviction", nil
	case is == silent && a.config.Durability == ByProvider:
		return "you state that nothing is evicted (REDIS_DURABILITY=provider); Redis itself does not report it", nil
	case is == silent:
		return a.volatile(ctx, p, "redis eviction", errors.New("it is not known whether redis evicts: INFO memory does not report maxmemory_policy; "+
			"set REDIS_DURABILITY=provider if whoever runs this Redis evicts nothing"))
	}
	return a.volatile(ctx, p, "redis eviction", fmt.Errorf("redis evicts: its maxmemory-policy is not noeviction but %s, so it may drop approvals; set it to noeviction", policy))
}

// volatile is an error that no waiting mends, unless ALLOW_VOLATILE_REDIS permits what it
// is about. Then it is warned of, once.
func (a *App) volatile(ctx context.Context, p *parts, check string, is error) (detail string, err error) {
	if !a.config.AllowVolatile {
		return "", finalError{fmt.Errorf("%w, or set ALLOW_VOLATILE_REDIS=true for a trial", is)}
	}
	if p.warned[check] == nil {
		p.warned[check] = is
		a.options.Log.WarnContext(ctx, "redis may lose approvals", "permitted_by", "ALLOW_VOLATILE_REDIS", "error", is,
			"lost", "requests that wait, what was sent and the windows of Microsoft's limits: a call could be made twice or beyond a limit")
	}
	return "may lose what it confirmed, which ALLOW_VOLATILE_REDIS permits", nil
}

// reports is what Redis says in a field of INFO, for CONFIG is often forbidden
// (https://redis.io/docs/latest/commands/info/), of all masters of a Cluster that which
// speaks most against it, and the words for it.
func reports(ctx context.Context, rdb redis.UniversalClient, section, field, good string) (worst reported, value string, err error) {
	var mu sync.Mutex
	err = eachMaster(ctx, rdb, func(ctx context.Context, node redis.Cmdable) error {
		text, err := info(ctx, node, section)
		if err != nil {
			return err
		}
		is, says := yes, ""
		if v, said := infoField(text, field); !said {
			is = silent
		} else if v != good {
			is, says = no, v
		}
		mu.Lock()
		defer mu.Unlock()
		if is > worst {
			worst, value = is, says
		}
		return nil
	})
	return worst, value, err
}

// eachMaster asks the server, or the masters of a Cluster side by side.
func eachMaster(ctx context.Context, rdb redis.UniversalClient, ask func(context.Context, redis.Cmdable) error) error {
	if c, ok := rdb.(*redis.ClusterClient); ok {
		return c.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return ask(ctx, node) })
	}
	return ask(ctx, rdb)
}

// info is a section of INFO; empty where the server has none by that name.
func info(ctx context.Context, node redis.Cmdable, section string) (string, error) {
	text, err := node.Info(ctx, section).Result()
	if err != nil && ledger.FaultOf(err) == ledger.Unspecific {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("ask Redis about its %s: %w", section, err)
	}
	return text, nil
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
