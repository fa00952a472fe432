package window

import (
	"context"
	_ "embed" // for the script
	"strconv"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
)

// nothing is what a limiter does with an answer that it does not use.
func nothing(context.Context) error { return nil }

// gcra is redis_rate, one Allow for each limit: it knows one limit at a time
// (https://pkg.go.dev/github.com/go-redis/redis_rate/v10). A call takes its turn in the
// longest limit first, and keeps it while it waits for the next.
type gcra struct {
	clock  *clock
	rates  *redis_rate.Limiter
	limits []defender.Limit // the shortest first
	evenly bool             // with a burst of 1
	passed int              // how many of them the call that is next in line has a turn in
}

func (g *gcra) ask(ctx context.Context) (func(context.Context) error, time.Time, error) {
	for ; g.passed < len(g.limits); g.passed++ {
		l := g.limits[len(g.limits)-1-g.passed]
		rate := rateOf(l)
		if g.evenly {
			rate.Burst = 1
		}
		got, err := g.rates.Allow(ctx, l.String(), rate)
		if err != nil {
			return nil, time.Time{}, err
		}
		if got.Allowed == 0 {
			return nil, g.clock.now.Add(got.RetryAfter + 1), nil
		}
	}
	g.passed = 0
	return nothing, time.Time{}, nil
}

// rateOf is a limit as redis_rate.PerMinute and redis_rate.PerHour make them: all of it at
// once, and then at its mean rate.
func rateOf(l defender.Limit) redis_rate.Limit {
	return redis_rate.Limit{Rate: l.Calls, Burst: l.Calls, Period: l.Per}
}

//go:embed log.lua
var logText string

// logs is the bare script, once for each limit as with [gcra].
type logs struct {
	clock  *clock
	rdb    *redis.Client
	script *redis.Script
	limits []defender.Limit
	passed int
	names  int
}

func (b *logs) ask(ctx context.Context) (func(context.Context) error, time.Time, error) {
	for ; b.passed < len(b.limits); b.passed++ {
		l := b.limits[len(b.limits)-1-b.passed]
		b.names++
		wait, err := b.script.Run(ctx, b.rdb, []string{l.String()}, l.Calls, l.Per.Milliseconds(), strconv.Itoa(b.names)).Int64()
		if err != nil {
			return nil, time.Time{}, err
		}
		if wait > 0 {
			return nil, b.clock.now.Add(time.Duration(wait) * time.Millisecond), nil
		}
	}
	b.passed = 0
	return nothing, time.Time{}, nil
}

// counter is the fixed window of Redis's own documentation, INCR on a key that has the time in
// its name (https://redis.io/docs/latest/commands/incr/, "Pattern: Rate limiter 1"); its windows
// begin with the minute and the hour.
type counter struct {
	clock  *clock
	limits []defender.Limit
	counts map[defender.Limit]map[time.Time]int
}

func (c *counter) ask(context.Context) (func(context.Context) error, time.Time, error) {
	for _, l := range c.limits {
		window := c.clock.now.Truncate(l.Per)
		if c.counts[l][window] >= l.Calls {
			return nil, window.Add(l.Per), nil
		}
	}
	for _, l := range c.limits {
		if c.counts[l] == nil {
			c.counts[l] = map[time.Time]int{}
		}
		c.counts[l][c.clock.now.Truncate(l.Per)]++
	}
	return nothing, time.Time{}, nil
}
