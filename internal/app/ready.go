package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"defenderbot/approvals"
	"defenderbot/bot"
)

// readiness knows what is missing to take commands.
type readiness struct {
	mu     sync.Mutex
	lacks  map[string]error // what the start waits for, or a token in doubt
	checks []check          // of the running bot
}

func newReadiness() *readiness {
	return &readiness{lacks: map[string]error{"start": errors.New("start: not connected yet")}}
}

func (r *readiness) connected(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lacks, what)
}

func (r *readiness) missing(c check, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lacks[c.name] = c.failed(err)
}

func (r *readiness) started(checks []check) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checks = checks
	delete(r.lacks, "start")
}

// ready is what there is to say of a bot that takes commands, and an error that
// says what is missing of one that does not.
func (r *readiness) ready(ctx context.Context) (details []string, err error) {
	checks, missing := r.stands()
	for _, c := range checks {
		detail, err := c.run(ctx)
		if err != nil {
			missing = append(missing, c.failed(err))
		} else if detail != "" {
			details = append(details, c.name+": "+detail)
		}
	}
	return details, errors.Join(missing...)
}

// stands is what the bot waits for, in one order, and what else to check now.
func (r *readiness) stands() (checks []check, missing []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, what := range slices.Sorted(maps.Keys(r.lacks)) {
		missing = append(missing, r.lacks[what])
	}
	for _, c := range r.checks {
		if r.lacks[c.name] == nil {
			checks = append(checks, c)
		}
	}
	return checks, missing
}

// runningChecks are those of a bot that runs. What they say about Redis can be a
// second old: whether it takes what the bot writes, which a ping does not show.
func (a *App) runningChecks(p *parts, s *bot.Session) []check {
	redis := &probe[struct{}]{clock: a.options.Clock, every: probeEvery, ask: func(ctx context.Context) (struct{}, error) {
		return struct{}{}, named(p.store.Check(ctx))
	}}
	return []check{
		{name: "slack", run: func(context.Context) (string, error) {
			if s.Live() == 0 {
				return "", errors.New("no socket is open")
			}
			return "", nil
		}, mend: "check that this host can reach Slack, and that SLACK_CONNECTIONS of all processes adds up to at most 10"},
		{name: "redis", run: func(ctx context.Context) (string, error) {
			_, err := redis.get(ctx)
			return "", err
		}, mend: mendRedis},
		{name: "approvers", run: func(context.Context) (string, error) {
			state := p.roster.State()
			return remarks(state), cmp.Or(state.TooFew(), state.NobodyAsks())
		}, mend: mendApprovers},
		{name: "entra", run: func(context.Context) (string, error) { return entraStands(p.tokens) }, mend: "nothing to do yet: Entra has been asked and has not answered"},
		{
			name: "look-ups of people", run: func(context.Context) (string, error) { return "", p.roster.State().Unverifiable() },
			mend: "check that this host can reach Slack, and that Slack is up; the bot tries again every 30 seconds",
		},
		{name: "freeze", run: func(context.Context) (string, error) { return frozen(p.store.Frozen()), nil }},
	}
}

// frozen is what there is to say of a freeze. A bot under one is ready: it takes commands and
// decisions. Who gave the order and why stands in Slack, and not where anybody can read it.
func frozen(f approvals.Freeze) string {
	if !f.Is() {
		return ""
	}
	return fmt.Sprintf("in force since %s (%s): no call is sent to Defender", f.At.Format(time.RFC3339), f.ID)
}

const (
	probeEvery = time.Second // how long an answer is good for everybody
	probeLimit = time.Second // for one try
)

// probe asks one question for everybody who wants to know. Whoever can reach
// the server can ask as often as they like; Redis, whose connections the
// commands need, is asked once in a while at most.
type probe[T any] struct {
	clock func() time.Time
	ask   func(context.Context) (T, error)
	every time.Duration // how long an answer is good for everybody

	flight singleflight.Group
	asked  time.Time // like the answer, written in flight only, where there is one at a time
	last   T
	err    error
}

// get returns the last answer, or asks. Whoever hangs up leaves the question to the
// others.
func (p *probe[T]) get(ctx context.Context) (T, error) {
	done := p.flight.DoChan("", func() (any, error) { return p.fresh(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return *new(T), ctx.Err()
	case answer := <-done:
		got, _ := answer.Val.(T) // that of an interface can be nil
		return got, answer.Err
	}
}

func (p *probe[T]) fresh(ctx context.Context) (T, error) {
	now := p.clock()
	if !p.asked.IsZero() && now.Sub(p.asked) < p.every {
		return p.last, p.err
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	p.asked = now
	p.last, p.err = p.ask(ctx)
	return p.last, p.err
}
