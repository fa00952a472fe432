package main

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"defenderbot/approvals"
	"defenderbot/approvals/ledger"
	"defenderbot/defender"
	"defenderbot/internal/redistest"
)

// The peer stands for what the bot's own script costs, so it has to make the same calls,
// whatever becomes of that script. Where this fails, change commit.lua beside it and what its
// first lines say.
func TestCallsRedisAsOftenAsTheBot(t *testing.T) {
	redistest.Real(t, func(t *testing.T, s *redistest.Server) {
		rdb := s.Client(t)
		ours := calls(t, rdb, recordsAsTheBot(t, rdb))
		peers := calls(t, rdb, func(ctx context.Context) error {
			c := slack.SlashCommand{TeamID: "T1", ChannelID: "C1", UserID: "U1", UserName: "ada", Text: "collect " + device1 + " " + comment1}
			_, err := record(ctx, rdb, c, &socketmode.Request{EnvelopeID: "e1", Payload: json.RawMessage(`{}`)})
			return err
		})
		if len(ours) == 0 || !maps.Equal(peers, ours) {
			t.Errorf("the peer makes %v, the bot %v", peers, ours)
		}
	})
}

const (
	device1  = "0000000000000000000000000000000000000007"
	comment1 = "looks odd since the update of 14:02"
)

// recordsAsTheBot records a request as the bot does for a command.
func recordsAsTheBot(t *testing.T, rdb *redis.Client) func(context.Context) error {
	t.Helper()
	store := ledger.NewStore(ledger.StoreConfig{
		Redis: rdb, Tenant: ledger.Tenant{Authority: "global", Tenant: "tenant", Client: "client"}, Installation: ledger.Installation{App: "A1", Team: "T1"},
		Catalogue: defender.Actions(), Clock: time.Now,
	})
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := commit.Load(t.Context(), rdb).Err(); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		_, err := store.CreateIfOffered(ctx, ledger.NewOp(), approvals.Request{
			Action: "collect", Devices: []approvals.Device{{ID: device1}}, Comment: comment1,
			By: approvals.Person{ID: "U1", Name: "ada"}, Place: approvals.Place{Team: "T1", Channel: "C1"},
			Terms: approvals.Terms{Needed: 1, ApprovalTTL: time.Hour, ExecutionTTL: time.Hour, Horizon: time.Hour, Retention: time.Hour},
		}, 0)
		return err
	}
}

// calls are the commands that scripts made of Redis meanwhile, and how often.
func calls(t *testing.T, rdb *redis.Client, do func(context.Context) error) map[string]int {
	t.Helper()
	if err := rdb.ConfigResetStat(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := do(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := rdb.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	made := map[string]int{}
	for line := range strings.Lines(text) {
		name, stats, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || name == "config|resetstat" || name == "evalsha" {
			continue
		}
		count, _, _ := strings.Cut(stats, ",")
		if made[name], err = strconv.Atoi(count); err != nil {
			t.Fatal(err)
		}
	}
	return made
}
