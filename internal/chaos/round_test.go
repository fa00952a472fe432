package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/defender"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/slackfake"
)

// The people and places of every round.
const (
	channel = "C0INCIDENT"
	onCall  = "S0ONCALL"
)

// Who asks and who decides. Nobody does two things at once.
func requesters() []string { return []string{"U0ADA", "U0BEN", "U0CY", "U0DOT", "U0EVE", "U0FLO"} }

func approvers() []string { return []string{"U0GRACE", "U0JOAN", "U0KEN", "U0LIZ", "U0MAX", "U0NAN"} }

// plan is what a round is made of.
type plan struct {
	program  string // the program's file
	previous string // the file of the version before, which all slots but the first run; empty: no version but this one
	redis    string // address of the redis-server
	kills    int
	replicas int
	seed     uint64
}

// round is a workspace, a tenant and processes that are killed.
type round struct {
	number   int
	plan     plan
	slack    *slackfake.Server
	defender *defenderfake.Server
	rdb      *redis.Client
	gate     *gate
	log      *journal
	posts    *posts
	slots    []*slot
	busy     sync.WaitGroup // what goes on beside the kills

	mu        sync.Mutex
	rand      *rand.Rand
	kills     []string // what was done, by name
	claims    []claim
	halted    []halted
	wrong     []string
	devices   int
	left      int // second cards
	overtaken int // commits to send that a freeze overtook
	begun     time.Time
}

// databases is how many redis-server has. Rounds that run at the same time look
// for their keys in different ones.
const databases = 16

// newRound starts the servers of a round; the processes come later.
func newRound(t testing.TB, number int, p plan) *round {
	t.Helper()
	r := &round{
		number: number, plan: p, rdb: redis.NewClient(&redis.Options{Addr: p.redis, DB: number % databases}), gate: newGate(), log: &journal{}, posts: &posts{},
		rand: rand.New(rand.NewPCG(p.seed, uint64(number))), begun: time.Now(),
	}
	var err error
	if r.slack, err = slackfake.Start(slackfake.Options{Now: time.Now, TeamID: fmt.Sprintf("T0ROUND%04d", number)}); err != nil {
		t.Fatal(err)
	}
	r.defender, err = defenderfake.Start(defenderfake.Options{
		Now: time.Now, Tenant: r.tenant(), FreshFor: time.Duration(2+10*(number%2)) * time.Second,
		PendingFor: time.Second, RunFor: 3 * time.Second, AlertIDs: number%2 == 0, NoScope: number%2 == 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.people()
	for i := range p.replicas {
		r.slots = append(r.slots, newSlot(t, r, i))
	}
	return r
}

// tenant is a directory of the round's own: limits are counted by it.
func (r *round) tenant() string { return fmt.Sprintf("0d5f8c62-6f0c-4c6b-9d0b-%012d", r.number) }

func (r *round) people() {
	for _, id := range append(requesters(), approvers()...) {
		r.slack.AddUser(slackfake.User{ID: id, Name: strings.ToLower(id[2:])})
	}
	r.slack.AddGroup(slackfake.Group{ID: onCall, Handle: "oncall", Members: approvers()})
	for i, id := range channels() {
		r.slack.AddChannel(slackfake.Channel{ID: id, Name: fmt.Sprint("incident-", i), Bot: true, Members: append(requesters(), approvers()...)})
	}
}

// channels are where people ask. There are enough of them for one message a
// second in each, which is as much as Slack takes, to keep nobody waiting.
func channels() []string {
	all := []string{channel}
	for i := 1; i < 12; i++ {
		all = append(all, fmt.Sprint(channel, i))
	}
	return all
}

// messages is what stands in all channels.
func (r *round) messages() []slackfake.Message {
	var all []slackfake.Message
	for _, id := range channels() {
		all = append(all, r.slack.Messages(id)...)
	}
	return all
}

// needed is how many approvers some of the actions need in this round.
func (r *round) needed() int { return 1 + r.number%2 }

// env is what the round's processes are told besides where their proxies are.
// An approval waits longer than the lease of a card whose renderer was killed,
// so that most cards are seen in time.
func (r *round) env() []string {
	sockets := "2"
	if r.plan.replicas > 3 {
		sockets = "1" // Slack takes ten, and those of the dead count for a moment
	}
	return []string{
		"SLACK_APP_TOKEN=" + r.slack.AppToken(), "SLACK_BOT_TOKEN=" + r.slack.BotToken(), "SLACK_CONNECTIONS=" + sockets,
		"AZURE_TENANT_ID=" + r.tenant(), "AZURE_CLIENT_ID=" + defenderfake.DefaultClientID,
		"AZURE_CLIENT_SECRET=" + defenderfake.DefaultClientSecret,
		"APPROVERS=" + onCall, fmt.Sprintf("APPROVALS_REQUIRED=1,collect=%d,isolate=%[1]d,restrict=%[1]d", r.needed()),
		"ACTIONS=" + strings.Join(defender.Actions().Names(), ","),
		"APPROVAL_TTL=75s", "EXECUTION_TTL=3m", "MAX_OPEN_PER_REQUESTER=0", "HTTP_ADDR=", "LOG_FORMAT=json",
	}
}

// random calls f with the round's own source of chance.
func random[T any](r *round, f func(*rand.Rand) T) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return f(r.rand)
}

// drawn is one of a list, by chance.
func drawn[T any](r *round, from []T) T {
	return from[random(r, func(c *rand.Rand) int { return c.IntN(len(from)) })]
}

// between is a random time from a to b.
func (r *round) between(a, b time.Duration) time.Duration {
	return a + time.Duration(random(r, func(c *rand.Rand) int64 { return c.Int64N(int64(b - a)) }))
}

// pause waits a random time from a to b, or for the end of ctx.
func (r *round) pause(ctx context.Context, a, b time.Duration) {
	select {
	case <-time.After(r.between(a, b)):
	case <-ctx.Done():
	}
}

// fail notes a violation that is seen at once.
func (r *round) fail(format string, a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wrong = append(r.wrong, fmt.Sprintf(format, a...))
}

// close ends everything that belongs to the round.
func (r *round) close() {
	r.gate.close()
	for _, s := range r.slots {
		s.close()
	}
	r.slack.Close()
	r.defender.Close()
	r.rdb.Close()
}
