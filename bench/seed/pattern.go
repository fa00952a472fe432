package seed

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/approvals"
	"defenderbot/bench/side"
)

// Pattern is all that Redis keeps of one request for as long as the request is there. What goes
// by itself, such as the answers of operations and the slots of windows, is left out.
type Pattern struct {
	of      Subject
	records []record
	members []member
	entries []entry // in the order of the trail
}

// record is a string, of which a request has at least one.
type record struct{ key, text text }

// member is one of a sorted set.
type member struct {
	key   string
	text  text
	score float64
	after time.Duration // where the score is a time: how long after the request's first; 0: it is none
}

// entry is one of a stream.
type entry struct {
	key    string
	after  time.Duration
	fields []text // name, value, name, value, ...
}

// Capture takes what Redis keeps of a request of which nothing is under way.
func Capture(ctx context.Context, r *side.Redis, s Subject) (Pattern, error) {
	keys, err := lasting(ctx, r)
	if err != nil {
		return Pattern{}, err
	}
	if s.At, err = firstEntry(ctx, r, keys, s.ID); err != nil {
		return Pattern{}, err
	}
	c := capture{Pattern{of: s}, own(s), map[string]int{}}
	for _, k := range keys {
		switch k.kind {
		case "string":
			err = c.takeString(ctx, r, k.name)
		case "zset":
			err = c.takeSet(ctx, r, k.name)
		case "stream":
			err = c.takeStream(ctx, r, k.name)
		default:
			err = fmt.Errorf("%s is a %s", k.name, k.kind)
		}
		if err != nil {
			return Pattern{}, fmt.Errorf("what is kept of %s: %w", s.ID, err)
		}
	}
	if len(c.records) == 0 || len(c.members) == 0 || len(c.entries) == 0 {
		return Pattern{}, fmt.Errorf("what is kept of %s: %d records, %d members and %d entries", s.ID, len(c.records), len(c.members), len(c.entries))
	}
	return c.Pattern, nil
}

// Record is the key of a request's record.
func (p Pattern) Record(id string) string {
	return string(p.records[0].key.fill(&Subject{ID: id}))
}

// capture is a pattern in the making.
type capture struct {
	Pattern

	own   *regexp.Regexp
	guids map[string]int
}

func (c *capture) apart(from string) (text, error) { return apart(c.of, c.own, c.guids, from) }

func (c *capture) takeString(ctx context.Context, r *side.Redis, key string) error {
	value, err := r.Get(ctx, key).Result()
	if err != nil || !strings.Contains(key+value, c.of.ID) {
		return err
	}
	k, err := c.apart(key)
	if err != nil {
		return err
	}
	v, err := c.apart(value)
	c.records = append(c.records, record{k, v})
	return err
}

func (c *capture) takeSet(ctx context.Context, r *side.Redis, key string) error {
	all, err := r.ZRangeWithScores(ctx, key, 0, -1).Result()
	for _, z := range all {
		is, _ := z.Member.(string)
		if !strings.Contains(is, c.of.ID) {
			continue
		}
		m := member{key: key, score: z.Score}
		if z.Score > 0 {
			m.after = time.UnixMilli(int64(z.Score)).Sub(c.of.At)
		}
		if m.text, err = c.apart(is); err != nil {
			return err
		}
		c.members = append(c.members, m)
	}
	return err
}

func (c *capture) takeStream(ctx context.Context, r *side.Redis, key string) error {
	all, err := r.XRange(ctx, key, "-", "+").Result()
	for _, x := range all {
		if !about(x, c.of.ID) {
			continue
		}
		e := entry{key: key, after: entryTime(x.ID).Sub(c.of.At)}
		for field, value := range x.Values {
			for _, is := range []string{field, fmt.Sprint(value)} {
				t, err := c.apart(is)
				if err != nil {
					return err
				}
				e.fields = append(e.fields, t)
			}
		}
		c.entries = append(c.entries, e)
	}
	return err
}

// key is one of Redis.
type key struct{ name, kind string }

// lasting are the keys that do not go by themselves, in their order.
func lasting(ctx context.Context, r *side.Redis) (keys []key, err error) {
	names, err := r.Keys(ctx, "*").Result()
	if err != nil {
		return nil, fmt.Errorf("what Redis has: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		life, err := r.PTTL(ctx, name).Result()
		if err != nil {
			return nil, fmt.Errorf("how long %s is kept: %w", name, err)
		}
		kind, err := r.Type(ctx, name).Result()
		if err != nil {
			return nil, fmt.Errorf("what %s is: %w", name, err)
		}
		if life == -1 && kind != "none" { // -2: it has gone since
			keys = append(keys, key{name, kind})
		}
	}
	return keys, nil
}

// firstEntry is when the first entry about a request was written.
func firstEntry(ctx context.Context, r *side.Redis, keys []key, id string) (time.Time, error) {
	for _, k := range keys {
		if k.kind != "stream" {
			continue
		}
		all, err := r.XRange(ctx, k.name, "-", "+").Result()
		if err != nil {
			return time.Time{}, fmt.Errorf("entries about %s: %w", id, err)
		}
		for _, x := range all {
			if about(x, id) {
				return entryTime(x.ID), nil
			}
		}
	}
	return time.Time{}, fmt.Errorf("no entry is about %s", id)
}

func about(x redis.XMessage, id string) bool { return strings.Contains(fmt.Sprint(x.Values), id) }

// entryTime is when an entry of a stream was written.
func entryTime(id string) time.Time {
	var ms int64
	_, _ = fmt.Sscanf(id, "%d-", &ms) // Redis wrote it
	return time.UnixMilli(ms).UTC()
}

// errUnderWay means that something is still to be done about a request.
var errUnderWay = errors.New("something is still under way")

// idle is an error while a request is being worked on, or its card is to be drawn.
func (p Pattern) idle() error {
	card := approvals.Draw.Member(p.of.ID)
	for _, m := range p.members {
		if string(m.text.fill(&p.of)) == card || strings.HasSuffix(m.key, ":held") {
			return errUnderWay
		}
	}
	return nil
}
