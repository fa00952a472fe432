package window

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
)

// Those who decide, as tables name them.
const (
	nameOurs    = "this bot"
	nameGCRA    = "redis_rate"
	nameEvenly  = "redis_rate, burst of 1"
	nameLog     = "bare script"
	nameCounter = "fixed-window counter"
)

func names() []string { return []string{nameOurs, nameGCRA, nameEvenly, nameLog, nameCounter} }

// admitted is what one limiter let go in a simulation, and what a server made of it.
type admitted struct {
	wanted, left       int
	waited             time.Duration // the mean of those that left
	bySliding, byFixed int           // how many a server refuses that counts so
}

// starts is how many beginnings of a fixed window are tried; the worst counts.
const starts = 60

// seed makes every limiter of every run see the same day.
const seed = 14

// simulate is a day with one limiter.
func simulate(ctx context.Context, name string, limits []defender.Limit, length time.Duration, bursts int) (admitted, error) {
	mini, err := miniredis.Run()
	if err != nil {
		return admitted{}, fmt.Errorf("redis of a simulation: %w", err)
	}
	defer mini.Close()
	mini.ClockTTL(true)
	rdb := redis.NewClient(&redis.Options{Addr: mini.Addr()})
	defer rdb.Close()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := &clock{redis: mini}
	c.set(from)
	l, err := limiterOf(ctx, name, c, rdb, limits)
	if err != nil {
		return admitted{}, err
	}
	rng := rand.New(rand.NewPCG(seed, uint64(len(limits)))) //nolint:gosec // a simulation that can be repeated
	d := &day{clock: c, rng: rng, wanted: demand(rng, limits, from, length, bursts)}
	out := admitted{wanted: len(d.wanted)}
	arrivals, err := d.run(ctx, l, from.Add(length))
	if err != nil {
		return admitted{}, fmt.Errorf("a day of %s: %w", name, err)
	}
	out.left, out.bySliding = len(arrivals), refused(arrivals, limits, sliding)
	out.waited = d.waited / time.Duration(max(len(arrivals), 1))
	for range starts {
		start := from.Add(-time.Duration(rng.Int64N(int64(time.Hour))))
		out.byFixed = max(out.byFixed, refused(arrivals, limits, fixed(start)))
	}
	return out, nil
}

func limiterOf(ctx context.Context, name string, c *clock, rdb *redis.Client, limits []defender.Limit) (limiter, error) {
	switch name {
	case nameOurs:
		store, err := open(ctx, rdb, limits, func() time.Time { return c.now })
		return &ours{rdb: rdb, store: store}, err
	case nameGCRA, nameEvenly:
		return &gcra{clock: c, rates: redis_rate.NewLimiter(rdb), limits: limits, evenly: name == nameEvenly}, nil
	case nameLog:
		return &logs{clock: c, rdb: rdb, script: redis.NewScript(logText), limits: limits}, nil
	}
	return &counter{clock: c, limits: limits, counts: map[defender.Limit]map[time.Time]int{}}, nil
}
