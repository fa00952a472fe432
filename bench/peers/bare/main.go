// Command bare is the least that can be made of slack-go and go-redis: it keeps a command
// with one SET and acknowledges it. It checks nothing and does nothing afterwards.
package main

import (
	"context"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"defenderbot/bench/peers/peer"
)

func main() { peer.Main(record) }

func record(ctx context.Context, rdb *redis.Client, _ slack.SlashCommand, request *socketmode.Request) (string, error) {
	err := rdb.Set(ctx, "request:"+request.EnvelopeID, []byte(request.Payload), 0).Err()
	return "Recorded as " + request.EnvelopeID + ". I am looking up the device.", err
}
