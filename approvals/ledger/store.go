package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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
	onDisk   bool
	keep     time.Duration
	observe  Observer
	failed   func(Fault)
	jumped   func(time.Duration)
	lost     func()
	limit    time.Duration
	ahead    atomic.Int64 // by how much Redis's clock is ahead of ours, in nanoseconds
	watch    skew         // whether that changes by itself
	newest   newest
	own      ownSlots
	server   atomic.Pointer[string]           // Redis's process, as it named itself last
	setBack  atomic.Int64                     // when Redis was last found to have lost changes, in ms; 0: never
	jumpedAt atomic.Pointer[time.Time]        // when its clock was last seen to jump, by ours
	faulty   atomic.Pointer[time.Time]        // when Redis last failed, by our clock
	freeze   atomic.Pointer[approvals.Freeze] // the freeze in force, as last seen
	alerts   string                           // the alert channel; empty: none
	sealedAt atomic.Pointer[time.Time]        // when the newest seal was made, as last seen
	wake     chan struct{}                    // something is due now
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
	Alerts       string           // the channel that hears of freezes; empty: none
	Replicas     int              // how many replicas of Redis must have a change before it counts
	OnDisk       bool             // whether Redis's disk must have it, too; needs Redis 7.2 or Valkey
	Observe      Observer         // may be nil

	Failed func(Fault)         // is told of each answer that Redis did not give, in whatever goroutine; may be nil
	Jumped func(time.Duration) // is told by how much Redis's clock has jumped, by one process; may be nil

	Lost func() // is told that Redis was set back and has lost changes, by one process; may be nil

	JumpLimit time.Duration // a jump is noticed beyond it; zero: what windows have to spare
}

// NewStore makes a Store. It does not speak to Redis yet.
func NewStore(c StoreConfig) *Store {
	s := &Store{
		rdb: c.Redis, keys: newKeys(c.Tenant, c.Installation), scripts: loadScripts(), actions: c.Catalogue,
		clock: c.Clock, replicas: c.Replicas, onDisk: c.OnDisk, alerts: c.Alerts, keep: c.Retention, observe: c.Observe, wake: make(chan struct{}, 1),
		failed: c.Failed, jumped: c.Jumped, lost: c.Lost, limit: cmp.Or(c.JumpLimit, approvals.Margin),
	}
	for _, cloud := range c.Clouds {
		s.old = append(s.old, oldKeys(cloud, c.Tenant, c.Installation))
	}
	s.inherits.Store(len(s.old) > 0)
	if s.observe == nil {
		s.observe = func(approvals.Request, approvals.Request, approvals.Event) {}
	}
	if s.failed == nil {
		s.failed = func(Fault) {}
	}
	if s.jumped == nil {
		s.jumped = func(time.Duration) {}
	}
	if s.lost == nil {
		s.lost = func() {}
	}
	return s
}

// Prepare teaches Redis the scripts and learns its clock, so that the first
// command takes one round trip like every other.
func (s *Store) Prepare(ctx context.Context) error {
	master, err := s.master(ctx, s.keys.agenda()) // of a Cluster, each server has a clock of its own
	if err != nil {
		return err
	}
	sent := s.clock()
	now, err := master.Time(ctx).Result()
	if err != nil {
		return fmt.Errorf("ask Redis for the time: %w", err)
	}
	s.learn(ctx, reading{now, sent, s.clock()})
	s.began = s.Now()
	for _, sc := range s.scripts.all() {
		if err := sc.Load(ctx, s.rdb).Err(); err != nil {
			return fmt.Errorf("load a script into Redis: %w", err)
		}
	}
	return s.Check(ctx)
}

// Now is Redis's clock, as far as its last answer tells, in milliseconds.
func (s *Store) Now() time.Time {
	return s.clock().Add(time.Duration(s.ahead.Load())).UTC().Truncate(time.Millisecond)
}

// Clock is this machine's clock, for deadlines that are kept here.
func (s *Store) Clock() time.Time { return s.clock() }

// Key names the record of a request in Redis.
func (s *Store) Key(id string) string { return s.keys.request(id) }

// Action is the row of the catalogue by that name.
func (s *Store) Action(name string) (defender.Action, bool) {
	return s.actions.Named(name)
}

// Catalogue is all rows that this version knows.
func (s *Store) Catalogue() defender.Catalogue { return s.actions }

// Create records a new request under operation op and draws its id, or refuses
// it with a *Refusal: its requester has most requests open already (0: no limit), or
// one is open for the same action and device. A repeat of op gives the request
// that op made.
func (s *Store) Create(ctx context.Context, op Op, r approvals.Request, most int) (approvals.Request, error) {
	action, _ := s.Action(r.Action)
	return s.create(ctx, op, approvals.Ask{Request: r, Anyway: action.Ended != nil}, func(c *change, _ approvals.Request) { c.atMost(r.By, most) })
}

// CreateIfOffered is Create, unless Defender has refused the action less than a day ago
// because Microsoft has ended it: then it is a *Refusal with the reason Ended, and since
// when that is known.
func (s *Store) CreateIfOffered(ctx context.Context, op Op, r approvals.Request, most int) (approvals.Request, error) {
	return s.create(ctx, op, approvals.Ask{Request: r}, func(c *change, _ approvals.Request) {
		c.atMost(r.By, most)
		c.Heed = true
	})
}

func (s *Store) create(ctx context.Context, op Op, ask approvals.Ask, limit amendment) (approvals.Request, error) {
	for {
		ask.Request.ID = newID()
		made, _, err := s.apply(ctx, op, approvals.Request{ID: ask.Request.ID, Action: ask.Request.Action}, limit, func(was approvals.Request) (approvals.Event, error) {
			if was.Version > 0 {
				return nil, errIDTaken
			}
			return ask, nil
		})
		if !errors.Is(err, errIDTaken) {
			return made, err
		}
	}
}

// errIDTaken means that a drawn id names another request already.
var errIDTaken = errors.New("the id is taken")

// Load reads a request. One that is not there is a *Refusal, and so is what cannot
// be an id, which is not repeated to anybody: other keys begin like those of requests.
func (s *Store) Load(ctx context.Context, id string) (approvals.Request, error) {
	if !idForm.MatchString(id) {
		return approvals.Request{}, approvals.Refuse(approvals.NoSuchRequest, "")
	}
	text, err := s.record(ctx, id)
	if errors.Is(err, redis.Nil) {
		found, failed := s.inherit(ctx, id)
		if failed != nil {
			return approvals.Request{}, failed
		}
		if found {
			text, err = s.record(ctx, id)
		}
	}
	switch {
	case errors.Is(err, redis.Nil):
		return approvals.Request{}, approvals.Refuse(approvals.NoSuchRequest, id)
	case redis.HasErrorPrefix(err, "WRONGTYPE"):
		return approvals.Request{ID: id}, broken(id, err)
	case err != nil:
		return approvals.Request{}, fmt.Errorf("load %s: %w", id, err)
	}
	return decode(id, text)
}

// record is a request as it is stored.
func (s *Store) record(ctx context.Context, id string) (string, error) {
	text, err := s.rdb.Get(ctx, s.keys.request(id)).Result()
	s.note(err)
	return text, err
}
