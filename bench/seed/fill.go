package seed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"defenderbot/bench/side"
)

// atOnce is how many requests one round trip writes.
const atOnce = 500

// Fill writes n requests of a crowd after a pattern. Redis writes nothing to its disk until the
// end, and then all of it.
func (p Pattern) Fill(ctx context.Context, r *side.Redis, c Crowd, n int) error {
	if n == 0 {
		return nil
	}
	// An AOF that grows is rewritten, by a copy of the process: never while something is measured.
	for name, value := range map[string]string{"appendonly": "no", "auto-aof-rewrite-percentage": "0"} {
		if err := r.ConfigSet(ctx, name, value).Err(); err != nil {
			return fmt.Errorf("fill Redis: %w", err)
		}
	}
	g, within := errgroup.WithContext(ctx)
	g.Go(func() error { return p.fillState(within, r, c, n) })
	g.Go(func() error { return p.fillTrail(within, r, c, n) })
	if err := g.Wait(); err != nil {
		return fmt.Errorf("fill Redis: %w", err)
	}
	return keep(ctx, r)
}

// keep has Redis write everything to its disk, and each change from then on.
func keep(ctx context.Context, r *side.Redis) error {
	if err := r.ConfigSet(ctx, "appendonly", "yes").Err(); err != nil {
		return fmt.Errorf("fill Redis: %w", err)
	}
	for {
		info, err := r.Info(ctx, "persistence").Result()
		switch {
		case err != nil:
			return fmt.Errorf("fill Redis: %w", err)
		case strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0"):
			if !strings.Contains(info, "aof_enabled:1") || !strings.Contains(info, "aof_last_bgrewrite_status:ok") {
				return fmt.Errorf("fill Redis: the disk has not taken it: %s", info)
			}
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fillState writes records and members of sets.
func (p Pattern) fillState(ctx context.Context, r *side.Redis, c Crowd, n int) error {
	for begin := 0; begin < n; begin += atOnce {
		set, members := []any{"MSET"}, map[string][]any{}
		for i := begin; i < min(begin+atOnce, n); i++ {
			s := c.subject(i)
			for _, rec := range p.records {
				set = append(set, rec.key.fill(&s), rec.text.fill(&s))
			}
			for _, m := range p.members {
				if members[m.key] == nil {
					members[m.key] = []any{"ZADD", m.key}
				}
				members[m.key] = append(members[m.key], m.scoreOf(&s), m.text.fill(&s))
			}
		}
		_, err := r.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			pipe.Do(ctx, set...)
			for _, add := range members {
				pipe.Do(ctx, add...)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *member) scoreOf(s *Subject) float64 {
	if m.after == 0 {
		return m.score
	}
	return float64(s.At.Add(m.after).UnixMilli())
}

// fillTrail writes entries of streams in the order of their times: those of one request lie
// apart, and others come in between.
func (p Pattern) fillTrail(ctx context.Context, r *side.Redis, c Crowd, n int) error {
	order := newTrail(p.entries, c, n)
	for more := true; more; {
		_, err := r.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for range atOnce {
				e, s, id, ok := order.next()
				if more = ok; !ok {
					return nil
				}
				add := []any{"XADD", e.key, id}
				for _, f := range e.fields {
					add = append(add, f.fill(&s))
				}
				pipe.Do(ctx, add...)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trail is in which order the entries of a crowd's requests come. Of each entry of the pattern
// it knows which request comes next.
type trail struct {
	entries []entry
	crowd   Crowd
	turn    []int
	n       int
	ms, seq int64 // of the last one
}

func newTrail(entries []entry, c Crowd, n int) *trail {
	return &trail{entries: entries, crowd: c, turn: make([]int, len(entries)), n: n}
}

// next is the next entry, whose it is, and its id in the stream.
func (t *trail) next() (e entry, s Subject, id string, ok bool) {
	first, at := -1, time.Time{}
	for j, e := range t.entries {
		if t.turn[j] == t.n {
			continue
		}
		when := t.crowd.From.Add(time.Duration(t.turn[j])*t.crowd.Every + e.after)
		if first < 0 || when.Before(at) {
			first, at = j, when
		}
	}
	if first < 0 {
		return entry{}, Subject{}, "", false
	}
	s = t.crowd.subject(t.turn[first])
	t.turn[first]++
	ms := max(s.At.Add(t.entries[first].after).UnixMilli(), t.ms)
	if ms > t.ms {
		t.ms, t.seq = ms, -1
	}
	t.seq++
	return t.entries[first], s, strconv.FormatInt(t.ms, 10) + "-" + strconv.FormatInt(t.seq, 10), true
}
