package window

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/bench/side"
	"defenderbot/defender"
)

// contest is one measurement of decisions.
type contest struct {
	clients int
	full    bool // the window that is asked has no free slot
}

// speed is what a contest finds.
type speed struct {
	rate   float64 // decisions a second
	micros float64 // of Redis's own time for one, without the disk
}

// run measures one contender, in a Redis of its own.
func (c contest) run(ctx context.Context, r *side.Redis, rdb *redis.Client, name string, while time.Duration) (s speed, err error) {
	if err := r.Empty(ctx); err != nil {
		return s, err
	}
	d, err := contenders()[name](ctx, rdb)
	ask := free
	if c.full && err == nil {
		ask, err = full, fill(ctx, d)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	one := func(ctx context.Context, n int64) error { return ask(ctx, d, n) }
	warm := func(ctx context.Context, _ int64) error { return full(ctx, d, 0) } // connects, and teaches Redis the script
	if _, err = aSecond(ctx, c.clients, while/10, warm); err == nil {
		err = r.ConfigResetStat(ctx).Err()
	}
	if err == nil {
		s.rate, err = aSecond(ctx, c.clients, while, one)
	}
	if err == nil {
		s.micros, err = scriptMicros(ctx, r)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func scriptMicros(ctx context.Context, r *side.Redis) (float64, error) {
	info, err := r.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, fmt.Errorf("time of scripts: %w", err)
	}
	return microsEach(info)
}

// microsEach is how long Redis itself takes for one script, from what INFO says of commands
// (https://redis.io/docs/latest/commands/info/).
func microsEach(info string) (float64, error) {
	_, of, found := strings.Cut(info, "cmdstat_evalsha:")
	_, value, named := strings.Cut(of, "usec_per_call=")
	value, _, _ = strings.Cut(value, ",")
	if !found || !named {
		return 0, errors.New("INFO has nothing about EVALSHA")
	}
	return strconv.ParseFloat(value, 64)
}

// free has each decision be a yes: no window is asked more often than it lets go.
func free(ctx context.Context, d decide, n int64) error {
	allowed, err := d(ctx, "bench-"+strconv.FormatInt(n/int64(measured().Calls), 10))
	if err == nil && !allowed {
		err = fmt.Errorf("decision %d: a window with a free slot says no", n)
	}
	return err
}

// full has each be a no, except where a slot becomes free during the contest.
func full(ctx context.Context, d decide, _ int64) error {
	_, err := d(ctx, "bench-full")
	return err
}

func fill(ctx context.Context, d decide) error {
	for range measured().Calls {
		if err := full(ctx, d, 0); err != nil {
			return err
		}
	}
	return nil
}

// aSecond is how many times a second clients that never pause do something, numbered from 0.
func aSecond(ctx context.Context, clients int, while time.Duration, do func(ctx context.Context, n int64) error) (float64, error) {
	g, ctx := errgroup.WithContext(ctx)
	var next, done atomic.Int64
	began := time.Now()
	for range clients {
		g.Go(func() error {
			for time.Since(began) < while {
				if err := do(ctx, next.Add(1)-1); err != nil {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := g.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), err
}

// sends is how many calls a second get their slot in the commit that marks them as being sent:
// requests are approved first, and then sent by clients that never pause.
func sends(ctx context.Context, r *side.Redis, rdb *redis.Client, clients, requests int) (float64, error) {
	if err := r.Empty(ctx); err != nil {
		return 0, err
	}
	store, err := open(ctx, rdb, []defender.Limit{{Calls: 1 << 20, Per: time.Minute}}, time.Now) // so that all may leave
	if err != nil {
		return 0, err
	}
	line := make(chan approvals.Request, requests)
	for n := range requests {
		waits, err := approved(ctx, store, n)
		if err != nil {
			return 0, err
		}
		line <- waits
	}
	close(line)
	g, ctx := errgroup.WithContext(ctx)
	began := time.Now()
	for range clients {
		g.Go(func() error {
			for waits := range line {
				if _, err := store.Apply(ctx, ledger.NewOp(), waits, sending(store)); err != nil {
					return fmt.Errorf("take a slot: %w", err)
				}
			}
			return nil
		})
	}
	err = g.Wait()
	return float64(requests) / time.Since(began).Seconds(), err
}
