// Package peer is what both peers written in Go share: slack-go's Socket Mode client and a
// go-redis client, as their documentation shows them.
//
// Sources: https://pkg.go.dev/github.com/slack-go/slack/socketmode and
// https://redis.io/docs/latest/develop/clients/go/.
package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// Record writes a command to Redis. What it returns is told to the person.
type Record func(ctx context.Context, rdb *redis.Client, c slack.SlashCommand, request *socketmode.Request) (string, error)

// Main takes commands until the process is told to end.
func Main(record Record) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, record)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, record Record) error {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	rdb := redis.NewClient(options)
	api := slack.New(os.Getenv("SLACK_BOT_TOKEN"), slack.OptionAppLevelToken(os.Getenv("SLACK_APP_TOKEN")), slack.OptionAPIURL(os.Getenv("SLACK_API_URL")))
	client := socketmode.New(api, socketmode.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)))
	go func() {
		for e := range client.Events {
			if c, is := e.Data.(slack.SlashCommand); is {
				go answer(ctx, rdb, client, c, e.Request, record)
			}
		}
	}()
	return errors.Join(client.RunContext(ctx), rdb.Close())
}

// answer acknowledges a command once Redis has it; without that the person sees Slack's own
// error.
func answer(ctx context.Context, rdb *redis.Client, client *socketmode.Client, c slack.SlashCommand, request *socketmode.Request, record Record) {
	text, err := record(ctx, rdb, c, request)
	if err == nil {
		err = client.AckCtx(ctx, request.EnvelopeID, map[string]string{"text": text})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer: command not recorded:", err)
	}
}
