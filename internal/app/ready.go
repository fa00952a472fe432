package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"defenderbot/approvals/office"
	"defenderbot/bot"
)

// readiness knows what is missing to take commands.
type readiness struct {
	probe probe // of Redis

	mu      sync.Mutex
	lacks   map[string]error // what the start waits for
	session *bot.Session
	rdb     redis.UniversalClient
	roster  *office.Roster
}

func newReadiness(clock func() time.Time) *readiness {
	r := &readiness{lacks: map[string]error{"start": errors.New("has not connected yet")}}
	r.probe = probe{clock: clock, ask: func(ctx context.Context) error { return r.client().Ping(ctx).Err() }}
	return r
}

func (r *readiness) connected(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.lacks, what)
}

func (r *readiness) missing(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lacks[what] = err
}

func (r *readiness) started(s *bot.Session, rdb redis.UniversalClient) {
	r.connected("start")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.session, r.rdb = s, rdb
}

func (r *readiness) live() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.session == nil {
		return 0
	}
	return r.session.Live()
}

// ready says what is missing to take commands. What it says about Redis can be
// a second old.
func (r *readiness) ready(ctx context.Context) error {
	if missing := r.waitsFor(); missing != nil {
		return missing
	}
	var missing []error
	if r.live() == 0 {
		missing = append(missing, errors.New("slack: no socket is open"))
	}
	if err := r.probe.get(ctx); err != nil {
		missing = append(missing, fmt.Errorf("redis: %w", err))
	}
	missing = append(missing, r.approvers().TooFew())
	return errors.Join(missing...)
}

// waitsFor says what the start waits for, in one order.
func (r *readiness) waitsFor() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var missing []error
	for _, what := range slices.Sorted(maps.Keys(r.lacks)) {
		missing = append(missing, fmt.Errorf("%s: %w", what, r.lacks[what]))
	}
	return errors.Join(missing...)
}

func (r *readiness) client() redis.UniversalClient {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rdb
}

const (
	probeEvery = time.Second // how long an answer is good for everybody
	probeLimit = time.Second // for one try
)

// probe asks one question for everybody who wants to know. Whoever can reach
// the server can ask as often as they like; Redis, whose connections the
// commands need, is asked once in probeEvery at most.
type probe struct {
	clock func() time.Time
	ask   func(context.Context) error

	flight singleflight.Group
	asked  time.Time // like last, written in flight only, where there is one at a time
	last   error
}

// get returns the answer of the last second, or asks. Whoever hangs up leaves
// the question to the others.
func (p *probe) get(ctx context.Context) error {
	done := p.flight.DoChan("", func() (any, error) { return nil, p.fresh(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-done:
		return answer.Err
	}
}

func (p *probe) fresh(ctx context.Context) error {
	now := p.clock()
	if !p.asked.IsZero() && now.Sub(p.asked) < probeEvery {
		return p.last
	}
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	p.asked, p.last = now, p.ask(ctx)
	return p.last
}
