package app

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/redis/go-redis/v9"
)

// redis reads REDIS_URL. What go-redis says about a wrong one is not repeated:
// it could hold the password.
func (r *reader) redis(text string) func() redis.UniversalClient {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" { // go-redis takes redis:6379 for a server on this machine
		r.wrong("REDIS_URL", "must be an address like redis://host:6379/0")
		return nil
	}
	var open func() redis.UniversalClient
	switch query := u.Query(); {
	case query.Has("master_name"):
		open, err = sentinel(text)
	case query.Has("addr"):
		open, err = cluster(text)
	default:
		open, err = single(text)
	}
	if err != nil {
		r.wrong("REDIS_URL", "is not an address that go-redis can read (redis://, rediss:// or unix://)")
	}
	return open
}

// The store repeats its scripts itself and knows what it may say about a lost
// answer, so go-redis does not repeat anything on its own. A cluster still
// follows redirections.
const (
	dialLimit = time.Second
	poolSize  = 40
	// A connection whose other side went away without a word costs whoever takes
	// it from the pool a time-out. What nobody used for this long is not taken,
	// unless REDIS_URL has another conn_max_idle_time; go-redis's half an hour
	// would fill the pool with them. Sentinel is asked at each dial, and go-redis
	// pings what it listens to there.
	idleLimit = 15 * time.Second
	// With version 3 of Redis's protocol go-redis looks for messages that nobody asked for around each
	// command. The bot needs none: what Redis Enterprise says of its maintenance only announces what
	// the store survives anyway. REDIS_URL can have another one.
	protocol = 2
)

func single(text string) (func() redis.UniversalClient, error) {
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, err
	}
	if o.DB < 0 {
		return nil, errors.New("there is no such database")
	}
	o.MaxRetries, o.DialerRetries, o.DialTimeout = -1, 1, dialLimit
	o.ConnMaxIdleTime = cmp.Or(o.ConnMaxIdleTime, idleLimit)
	o.ContextTimeoutEnabled, o.DisableIdentity, o.PoolSize = true, true, max(o.PoolSize, poolSize)
	o.Protocol = cmp.Or(o.Protocol, protocol)
	return func() redis.UniversalClient { return redis.NewClient(o) }, nil
}

func sentinel(text string) (func() redis.UniversalClient, error) {
	o, err := redis.ParseFailoverURL(text)
	if err != nil {
		return nil, err
	}
	o.MaxRetries, o.DialerRetries, o.DialTimeout = -1, 1, dialLimit
	o.ConnMaxIdleTime = cmp.Or(o.ConnMaxIdleTime, idleLimit)
	o.ContextTimeoutEnabled, o.DisableIdentity, o.PoolSize = true, true, max(o.PoolSize, poolSize)
	o.Protocol = cmp.Or(o.Protocol, protocol)
	return func() redis.UniversalClient { return redis.NewFailoverClient(o) }, nil
}

func cluster(text string) (func() redis.UniversalClient, error) {
	o, err := redis.ParseClusterURL(text)
	if err != nil {
		return nil, err
	}
	o.MaxRetries, o.DialerRetries, o.DialTimeout = -1, 1, dialLimit
	o.ConnMaxIdleTime = cmp.Or(o.ConnMaxIdleTime, idleLimit)
	o.ContextTimeoutEnabled, o.DisableIdentity, o.PoolSize = true, true, max(o.PoolSize, poolSize)
	o.Protocol = cmp.Or(o.Protocol, protocol)
	return func() redis.UniversalClient { return redis.NewClusterClient(o) }, nil
}
