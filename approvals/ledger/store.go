package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/defender"
)

// Store keeps requests in Redis. All of its changes go through one script, so
// any number of replicas can use the same Redis at once.
type Store struct {
	rdb      redis.UniversalClient
	keys     keys
	old      []keys      // where the first version kept everything
	inherits atomic.Bool // something may be left there
	began    time.Time
	scripts  scripts
	actions  defender.Catalogue
	clock    func() time.Time
	replicas int
	keep     time.Duration
	observe  Observer
	ahead    atomic.Int64  // by how much Redis's clock is ahead of ours, in nanoseconds
	wake     chan struct{} // something is due now
}

// Observer is told of every change once it is in Redis. Logs and metrics hang
// on it.
type Observer func(before, after approvals.Request, e approvals.Event)

// StoreConfig is what a Store needs.
type StoreConfig struct {
	Redis        redis.UniversalClient
	Tenant       Tenant
	Installation Installation
	Clouds       []string // names of the tenant's cloud in the keys of the first version
	Catalogue    defender.Catalogue
	Clock        func() time.Time // this machine's clock; used for differences only
	Retention    time.Duration    // how long the audit trail is kept at least
	Replicas     int              // how many replicas of Redis must have what is about to be sent
	Observe      Observer         // may be nil
}

// NewStore makes a Store. It does not speak to Redis yet.
func NewStore(c StoreConfig) *Store {
	s := &Store{
		rdb: c.Redis, keys: newKeys(c.Tenant, c.Installation), scripts: loadScripts(), actions: c.Catalogue,
		clock: c.Clock, replicas: c.Replicas, keep: c.Retention, observe: c.Observe, wake: make(chan struct{}, 1),
	}
	for _, cloud := range c.Clouds {
		s.old = append(s.old, oldKeys(cloud, c.Tenant, c.Installation))
	}
	s.inherits.Store(len(s.old) > 0)
	if s.observe == nil {
		s.observe = func(approvals.Request, approvals.Request, approvals.Event) {}
	}
	return s
}

// Prepare teaches Redis the scripts and learns its clock, so that the first
// command takes one round trip like every other.
func (s *Store) Prepare(ctx context.Context) error {
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("ask Redis for the time: %w", err)
	}
	s.learn(now.UnixMilli())
	s.began = s.Now()
	for _, sc := range s.scripts.all() {
		if err := sc.Load(ctx, s.rdb).Err(); err != nil {
			return fmt.Errorf("load a script into Redis: %w", err)
		}
	}
	return s.mayAll(ctx)
}

type rightsReply struct {
	timed
	Refused []string `json:"refused"`
}

// mayAll fails where Redis refuses a command that the scripts need. It says
// which, for whoever wrote the rules.
func (s *Store) mayAll(ctx context.Context) error {
	var answer rightsReply
	if _, err := s.run(ctx, s.scripts.rights, s.keys.rights(), &answer); err != nil {
		return fmt.Errorf("try the commands that are needed: %w", err)
	}
	if len(answer.Refused) > 0 {
		return fmt.Errorf("redis refuses commands that are needed: %s", strings.Join(answer.Refused, "; "))
	}
	if s.replicas == 0 {
		return nil
	}
	master, err := s.master(ctx, s.keys.agenda())
	if err == nil {
		_, err = master.Pipelined(ctx, func(p redis.Pipeliner) error { return p.Do(ctx, "wait", 0, 1).Err() })
	}
	if err != nil {
		return fmt.Errorf("redis refuses WAIT, which REDIS_WAIT_REPLICAS needs: %w", err)
	}
	return nil
}

// Now is Redis's clock, as far as its last answer tells, in milliseconds.
func (s *Store) Now() time.Time {
	return s.clock().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Millisecond)
}

func (s *Store) learn(ms int64) {
	s.ahead.Store(int64(time.UnixMilli(ms).Sub(s.clock())))
}

// Clock is this machine's clock, for deadlines that are kept here.
func (s *Store) Clock() time.Time { return s.clock() }

// Key names the record of a request in Redis.
func (s *Store) Key(id string) string { return s.keys.request(id) }

// Action is the row of the catalogue by that name.
func (s *Store) Action(name string) (defender.Action, bool) {
	return s.actions.Named(name)
}

// Create records a new request under operation op and draws its id, or refuses
// it with a *Refusal: its requester has most requests open already (0: no limit), or
// one is open for the same action and device. A repeat of op gives the request
// that op made.
func (s *Store) Create(ctx context.Context, op Op, r approvals.Request, most int) (approvals.Request, error) {
	limit := func(c *change, _ approvals.Request) {
		if most > 0 {
			c.Most = &mostCheck{approvals.AsksPrefix(r.By), most}
		}
	}
	for {
		r.ID = newID()
		made, _, err := s.apply(ctx, op, approvals.Request{ID: r.ID, Action: r.Action}, limit, func(was approvals.Request) (approvals.Event, error) {
			if was.Version > 0 {
				return nil, errIDTaken
			}
			return approvals.Ask{Request: r}, nil
		})
		if !errors.Is(err, errIDTaken) {
			return made, err
		}
	}
}

// errIDTaken means that a drawn id names another request already.
var errIDTaken = errors.New("the id is taken")

// Load reads a request. One that is not there is a *Refusal, and so is what cannot
// be an id: other keys begin like those of requests.
func (s *Store) Load(ctx context.Context, id string) (approvals.Request, error) {
	if !idForm.MatchString(id) {
		return approvals.Request{}, approvals.Refuse(approvals.NoSuchRequest, id)
	}
	text, err := s.rdb.Get(ctx, s.keys.request(id)).Result()
	if errors.Is(err, redis.Nil) {
		found, failed := s.inherit(ctx, id)
		if failed != nil {
			return approvals.Request{}, failed
		}
		if found {
			text, err = s.rdb.Get(ctx, s.keys.request(id)).Result()
		}
	}
	if errors.Is(err, redis.Nil) {
		return approvals.Request{}, approvals.Refuse(approvals.NoSuchRequest, id)
	}
	if err != nil {
		return approvals.Request{}, fmt.Errorf("load %s: %w", id, err)
	}
	return decode(id, text)
}

// Owner is who holds a claim, if anybody does.
func (s *Store) Owner(ctx context.Context, prefix string) (string, error) {
	return s.ownerIn(ctx, s.keys, prefix)
}

func (s *Store) ownerIn(ctx context.Context, k keys, prefix string) (string, error) {
	found, err := s.rdb.ZRangeByLex(ctx, k.index(), &redis.ZRangeBy{
		Min: "[" + prefix, Max: "(" + prefix + "\xff", Count: 1,
	}).Result()
	if err != nil {
		return "", fmt.Errorf("owner of %s: %w", prefix, err)
	}
	if len(found) == 0 {
		return "", nil
	}
	return strings.TrimPrefix(found[0], prefix), nil
}
