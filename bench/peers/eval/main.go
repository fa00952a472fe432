// Command eval is what a bot that records commands as ours does costs at least: slack-go and
// one script with as many reads and writes as ours makes, and nothing else. It checks nothing
// about the person and does nothing afterwards.
package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"defenderbot/bench/peers/peer"
)

//go:embed commit.lua
var source string

var commit = redis.NewScript(source)

func main() { peer.Main(record) }

func record(ctx context.Context, rdb *redis.Client, c slack.SlashCommand, request *socketmode.Request) (string, error) {
	id := "D-" + rand.Text()[:6]
	action, rest, _ := strings.Cut(c.Text, " ")
	device, comment, _ := strings.Cut(rest, " ")
	now := time.Now().UTC()
	kept, err := json.Marshal(newRequest(id, action, device, comment, c, now))
	if err != nil {
		return "", err
	}
	entry, err := json.Marshal(newEntry(id, action, comment, c, now))
	if err != nil {
		return "", err
	}
	claim := "open/" + action + "/" + device + "/"
	said, err := commit.Run(ctx, rdb, keys(id, request.EnvelopeID, c.UserID), kept, entry, id, claim,
		fmt.Sprintf("by/%s/open/%d/%s", c.UserID, now.UnixMilli(), id),
		fmt.Sprintf("in/%s/%d/%s", c.ChannelID, now.UnixMilli(), id),
		"asks/"+c.UserID+"/"+id,
		claim+id,
	).Text()
	if err == nil && said != "ok" {
		err = fmt.Errorf("record %s: %s", id, said)
	}
	return "Recorded as " + id + ". I am looking up the device; then the card for approval appears here.", err
}

// keys are as many as those of our script, and of the same types.
func keys(id, op, user string) []string {
	names := []string{
		"op:" + op, id, "due", "held", "index", "audit", "queue:collect", "window:collect", "hold:collect", "doubt", "ended:collect",
		"frozen", "reach:" + user, "forced:" + user, "alarms",
	}
	for i, name := range names {
		names[i] = "{eval}:" + name
	}
	return names
}
