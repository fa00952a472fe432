package window

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"defenderbot/approvals/ledger"
	"defenderbot/defender"
)

// measured is the limit of every decision whose speed is measured: redis_rate knows one at a time.
func measured() defender.Limit { return defender.Limit{Calls: 100, Per: time.Minute} }

// decide reports whether a call at a window may leave now, and books it if it may.
type decide func(ctx context.Context, window string) (bool, error)

// contenders are those who decide, each made for a Redis that has just been emptied.
func contenders() map[string]func(context.Context, *redis.Client) (decide, error) {
	return map[string]func(context.Context, *redis.Client) (decide, error){nameOurs: decideOurs, nameGCRA: decideGCRA, nameLog: decideLog}
}

// decideOurs books a read of Defender: of the bot's scripts the one that decides and does
// nothing else.
func decideOurs(ctx context.Context, rdb *redis.Client) (decide, error) {
	limits := []defender.Limit{measured()}
	store, err := open(ctx, rdb, limits, time.Now)
	return func(ctx context.Context, window string) (bool, error) {
		again, err := store.BookReads(ctx, defender.Endpoint{Name: window, Limits: limits}, 1, ledger.ForCall())
		return again.IsZero(), err
	}, err
}

func decideGCRA(_ context.Context, rdb *redis.Client) (decide, error) {
	limiter := redis_rate.NewLimiter(rdb)
	return func(ctx context.Context, window string) (bool, error) {
		got, err := limiter.Allow(ctx, window, rateOf(measured()))
		return err == nil && got.Allowed > 0, err
	}, nil
}

func decideLog(_ context.Context, rdb *redis.Client) (decide, error) {
	script, names, l := redis.NewScript(logText), new(atomic.Int64), measured()
	return func(ctx context.Context, window string) (bool, error) {
		wait, err := script.Run(ctx, rdb, []string{window}, l.Calls, l.Per.Milliseconds(), strconv.FormatInt(names.Add(1), 10)).Int64()
		return wait == 0, err
	}, nil
}
