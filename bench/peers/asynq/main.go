// Command asynq is a process of asynq (https://github.com/hibiken/asynq) that does pieces.
// Without TUNED all is as asynq has it by default.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"defenderbot/bench/due/piece"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv("REDIS_ADDR"), os.Getenv("TUNED") != "")
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "asynq:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr string, tune bool) (err error) {
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { err = errors.Join(err, rdb.Close()) }()
	config := asynq.Config{LogLevel: asynq.WarnLevel}
	if tune {
		config = tuned()
	}
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: addr}, config)
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		var p piece.Piece
		if err := json.Unmarshal(t.Payload(), &p); err != nil {
			return fmt.Errorf("a piece: %w", err)
		}
		failed, _ := asynq.GetRetryCount(ctx)
		return piece.Do(ctx, rdb, p, failed+1)
	}))
	if err != nil {
		return fmt.Errorf("start asynq: %w", err)
	}
	defer server.Shutdown()
	if err := piece.Ready(ctx, rdb); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// check is how often a tuned server looks for what is due, and then for what is to be done.
const check = 10 * time.Millisecond

// tuned is what it takes to be done 50 ms after the due time, and to try again at once what a
// process that died has left. How long its lease lasts (30 s), that one is missed 30 s later
// and how often that is looked for (every minute) cannot be set
// (https://pkg.go.dev/github.com/hibiken/asynq@v0.26.0#Config).
func tuned() asynq.Config {
	return asynq.Config{
		LogLevel: asynq.WarnLevel, Concurrency: 64, TaskCheckInterval: check, DelayedTaskCheckInterval: check,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return 0 },
	}
}
