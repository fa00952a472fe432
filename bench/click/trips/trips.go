// Package trips is the least that Redis has to do between a click and the call to Defender, in
// three round trips: each reads and writes as much as the bot does there.
package trips

import (
	"context"
	_ "embed" // for the scripts
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed load.lua
	loadText string
	//go:embed approve.lua
	approveText string
	//go:embed send.lua
	sendText string
)

// The bytes of what the bot writes for one device and a comment of four words, seen with
// `redis-cli monitor` at commit 4f9e7be.
const (
	pendingSize, approvedSize, sendingSize = 750, 880, 930 // of records
	entrySize                              = 225           // of an entry of the audit trail
)

// Trips are the three scripts on one Redis.
type Trips struct {
	rdb                 *redis.Client
	load, approve, send *redis.Script
}

// New makes them. It does not speak to Redis yet.
func New(rdb *redis.Client) *Trips {
	return &Trips{rdb, redis.NewScript(loadText), redis.NewScript(approveText), redis.NewScript(sendText)}
}

// Prepare teaches Redis the scripts.
func (t *Trips) Prepare(ctx context.Context) error {
	for _, s := range []*redis.Script{t.load, t.approve, t.send} {
		if err := s.Load(ctx, t.rdb).Err(); err != nil {
			return fmt.Errorf("load a script into Redis: %w", err)
		}
	}
	return nil
}

// Seed keeps a request that waits for its approval, as far as the scripts want something there.
func (t *Trips) Seed(ctx context.Context, id string) error {
	k := keys(id, "")
	_, err := t.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, k[1], text(pendingSize), 0)
		p.ZAdd(ctx, k[2], redis.Z{Score: 1e13, Member: id})
		p.ZAdd(ctx, k[4], redis.Z{Member: asks(id)})
		return nil
	})
	if err != nil {
		return fmt.Errorf("seed %s: %w", id, err)
	}
	return nil
}

// Load reads the request.
func (t *Trips) Load(ctx context.Context, id string) error {
	return t.load.Run(ctx, t.rdb, keys(id, "")[1:2]).Err()
}

// Approve records an approval under an operation.
func (t *Trips) Approve(ctx context.Context, id, op string) error {
	args := append([]any{id, id + "/00", text(approvedSize), text(entrySize), asks(id)}, index(id)...)
	return t.approve.Run(ctx, t.rdb, keys(id, op), args...).Err()
}

// Send marks the call as being sent, under another operation.
func (t *Trips) Send(ctx context.Context, id, op string) error {
	args := append([]any{id, id + "/00", text(sendingSize), text(entrySize)}, index(id)...)
	return t.send.Run(ctx, t.rdb, keys(id, op), args...).Err()
}

func text(size int) string { return strings.Repeat("x", size) }

func asks(id string) string { return "asks/U000000000/" + id }

// index are the members under which the request is listed: of its requester, of its channel and
// of its device.
func index(id string) []any {
	return []any{
		"by/U000000000/open/1772334000000/" + id, "in/C000000000/1772334000000/" + id,
		"asked/collect/" + strings.Repeat("0", 40) + "/1772334000000/" + id,
	}
}

// keys are as many as those of the bot's commit, and of the same types.
func keys(id, op string) []string {
	names := []string{
		"op:" + op, id, "due", "held", "index", "audit", "queue:collectInvestigationPackage", "window:collectInvestigationPackage",
		"hold:collectInvestigationPackage", "doubt", "ended:collectInvestigationPackage", "frozen", "reach:U000000000", "forced:U000000000", "alarms",
	}
	for i, name := range names {
		names[i] = "{000000000000}:A0DEFENDER:T0SANDBOX1:" + name
	}
	return names
}

// IDOf is the request about a device.
func IDOf(device string) string { return "D-" + device[len(device)-6:] }
