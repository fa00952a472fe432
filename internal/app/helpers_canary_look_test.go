package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/internal/slackfake"
)

// mesh finds many secrets in one pass: by how they begin.
type mesh map[string][]slackfake.Secret

const beginning = 8 // characters of a secret; one that is shorter is none

func newMesh(all []slackfake.Secret) mesh {
	n := mesh{}
	for _, c := range all {
		c.Text = core(c.Text)
		if len(c.Text) < beginning {
			panic("the " + c.What + " is too short to be looked for: " + c.Text)
		}
		n[c.Text[:beginning]] = append(n[c.Text[:beginning]], c)
	}
	return n
}

// in are the kinds of secrets that a text has.
func (n mesh) in(text string) (kinds []string) {
	for i := 0; i+beginning <= len(text); i++ {
		for _, c := range n[text[i:i+beginning]] {
			if strings.HasPrefix(text[i:], c.Text) && !slices.Contains(kinds, c.What) {
				kinds = append(kinds, c.What)
			}
		}
	}
	slices.Sort(kinds)
	return kinds
}

// readRedis notes all that a Redis holds. One that a test has taken away holds nothing to
// see; what was sent to it was heard.
func (s *scan) readRedis(address string) {
	o, err := redis.ParseURL(address)
	if err != nil { // several servers
		return
	}
	o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled, o.DisableIdentity = -1, 1, true, true
	rdb := redis.NewClient(o)
	defer rdb.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	keys, err := rdb.Keys(ctx, "*").Result()
	if err != nil {
		return
	}
	for _, k := range keys {
		where := inRedis
		if strings.HasSuffix(k, ":audit") {
			where = inAudit
		}
		s.note(where, k+" "+content(ctx, rdb, k))
	}
}

// content is what one key holds.
func content(ctx context.Context, rdb *redis.Client, key string) string {
	kind, err := rdb.Type(ctx, key).Result()
	if err != nil { // there was no time, or Redis has gone
		return ""
	}
	switch kind {
	case "string":
		return rdb.Get(ctx, key).Val()
	case "hash":
		return fmt.Sprint(rdb.HGetAll(ctx, key).Val())
	case "zset":
		return fmt.Sprint(rdb.ZRange(ctx, key, 0, -1).Val())
	case "set":
		return fmt.Sprint(rdb.SMembers(ctx, key).Val())
	case "list":
		return fmt.Sprint(rdb.LRange(ctx, key, 0, -1).Val())
	case "stream":
		return fmt.Sprint(rdb.XRange(ctx, key, "-", "+").Val())
	case "none": // it ran out meanwhile
		return ""
	default:
		panic("redis has a " + kind + " in " + key)
	}
}
