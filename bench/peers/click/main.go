// Command click does the least that can be done about a click: slack-go, three scripts that read
// and write as much as the bot does, the acknowledgement behind the second, and one HTTP request
// with a token that is in hand. It checks nothing and does nothing afterwards, and net/http opens
// another connection by itself if the open one turns out to be closed before anything was sent.
//
//	click         keeps its connection to Defender open
//	click -fresh  opens one for each call, as the bot does so that it knows whether a byte has left
//
// Sources: https://pkg.go.dev/github.com/slack-go/slack/socketmode and
// https://redis.io/docs/latest/develop/clients/go/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"defenderbot/bench/click/trips"
)

func main() {
	fresh := flag.Bool("fresh", false, "open a connection for each call to Defender")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *fresh)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "click:", err)
		os.Exit(1)
	}
}

// peer is what answers a click.
type peer struct {
	trips    *trips.Trips
	defender *defender
	socket   *socketmode.Client
}

func run(ctx context.Context, fresh bool) error {
	options, err := redis.ParseURL(os.Getenv("REDIS_URL"))
	if err != nil {
		return fmt.Errorf("REDIS_URL: %w", err)
	}
	rdb := redis.NewClient(options)
	defer rdb.Close()
	api := slack.New(os.Getenv("SLACK_BOT_TOKEN"), slack.OptionAppLevelToken(os.Getenv("SLACK_APP_TOKEN")), slack.OptionAPIURL(os.Getenv("SLACK_API_URL")))
	p := peer{trips: trips.New(rdb), socket: socketmode.New(api, socketmode.OptionLog(log.New(io.Discard, "", 0)))}
	if err := p.trips.Prepare(ctx); err != nil {
		return err
	}
	if p.defender, err = open(ctx, fresh); err != nil {
		return err
	}
	go func() {
		for e := range p.socket.Events {
			if click, is := e.Data.(slack.InteractionCallback); is && len(click.ActionCallback.BlockActions) > 0 {
				go p.answer(ctx, click.ActionCallback.BlockActions[0].Value, e.Request)
			}
		}
	}()
	return p.socket.RunContext(ctx)
}

func (p peer) answer(ctx context.Context, device string, request *socketmode.Request) {
	if err := p.approve(ctx, device, request); err != nil {
		fmt.Fprintf(os.Stderr, "click: %s: %v\n", device, err)
	}
}

// approve makes the call that a click asks for. The button says about which device.
func (p peer) approve(ctx context.Context, device string, request *socketmode.Request) error {
	id := trips.IDOf(device)
	if err := p.trips.Load(ctx, id); err != nil {
		return err
	}
	if err := p.trips.Approve(ctx, id, request.EnvelopeID); err != nil {
		return err
	}
	if err := p.socket.AckCtx(ctx, request.EnvelopeID, nil); err != nil {
		return err
	}
	if err := p.trips.Send(ctx, id, "send:"+request.EnvelopeID); err != nil {
		return err
	}
	return p.defender.collect(ctx, device)
}
