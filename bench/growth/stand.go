package growth

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"defenderbot/bench/seed"
	"defenderbot/bench/side"
	"defenderbot/internal/app"
	"defenderbot/internal/audit"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// stand is one bot with a Redis and a workspace of its own.
type stand struct {
	level level
	redis *side.Redis
	world *side.World
	exe   string // of the bot
	bot   *side.Program

	pattern seed.Pattern        // of what is kept of a request
	devices int                 // how many the tenant knows
	ttl     time.Duration       // how long the bot that is measured waits for approval
	cards   []slackfake.Message // of the round under way

	rounds           []taken
	again            int           // rounds that did not count
	slowest          time.Duration // what kept Redis busy for longest
	memory, resident int64         // of Redis, as it counts itself, and of the bot, once it was at rest
	ready, rest      time.Duration // from its start until the bot had its sockets, and until it had nothing left to do
}

// open fills a Redis. What was opened is returned also where that fails.
func open(ctx context.Context, lab *side.Lab, l level) (s *stand, err error) {
	s = &stand{level: l}
	if s.redis, err = lab.Redis(ctx); err != nil {
		return nil, err
	}
	if s.world, err = side.Open(s.redis); err != nil { //nolint:contextcheck // it lives until it is closed
		return s, err
	}
	if s.exe, err = lab.Bot(ctx); err != nil {
		return s, err
	}
	if err := s.fill(ctx); err != nil {
		return s, s.failed("fill Redis", err)
	}
	s.rooms(side.Pick(lab, full, quick).commands)
	return s, nil
}

// How long approval is waited for: of those that are there from the beginning, none ends and
// none has its reminder while anything is measured; those that are asked for then expire soon.
const (
	long      = 24 * time.Hour
	soon      = 6 * time.Second
	quickSoon = 2 * time.Second
)

// How many people made the requests that are there, in how many channels.
const (
	people   = 1000
	channels = 1000
)

// The channel that is listed has the same number of requests from the beginning at every level.
const (
	listed  = 20
	listing = 5000 // its number
)

// fill puts into Redis what is to be there.
func (s *stand) fill(ctx context.Context) error {
	if err := s.start(ctx, long); err != nil {
		return err
	}
	pending, err := seed.Pending(ctx, s.redis, s.world, 1)
	if err != nil {
		return err
	}
	ended := pending
	if s.level.ended > 0 {
		if ended, err = seed.Ended(ctx, s.redis, s.world, 2); err != nil {
			return err
		}
	}
	if err := errors.Join(s.stop(ctx), s.redis.Empty(ctx)); err != nil {
		return err
	}
	s.pattern = pending
	// Ended ones are kept for 90 days, and reminders come after half of the time to approve.
	now := time.Now()
	kept := crowd(now.AddDate(0, 0, -89), now.Add(-long/2), s.level.ended)
	open := crowd(now.Add(-long/2).Add(time.Hour), now.Add(-time.Minute), s.level.pending)
	here := crowd(now.Add(-time.Minute), now, listed)
	open.First, here.First = s.level.ended, s.level.ended+s.level.pending
	here.In, here.Channels = listing, 1
	if err := ended.Fill(ctx, s.redis, kept, s.level.ended); err != nil {
		return err
	}
	if err := pending.Fill(ctx, s.redis, open, s.level.pending); err != nil {
		return err
	}
	return pending.Fill(ctx, s.redis, here, listed)
}

// crowd asks n times within a while.
func crowd(from, to time.Time, n int) seed.Crowd {
	return seed.Crowd{People: people, Channels: channels, From: from, Every: to.Sub(from) / time.Duration(n+1)}
}

// seal has a bot seal the audit trail of what was filled in, except the rest that does not fill a
// seal: bots would have done so long before. Redis need not wait for its disk while that lasts.
func (s *stand) seal(ctx context.Context) error {
	if err := s.redis.ConfigSet(ctx, "appendfsync", "no").Err(); err != nil {
		return err
	}
	if err := s.start(ctx, long); err != nil {
		return err
	}
	const whole = 1000
	prefix := strings.TrimSuffix(s.pattern.Record("D-"), "D-")
	for unsealed := whole; unsealed >= whole; time.Sleep(50 * time.Millisecond) {
		last := "-"
		newest, err := s.redis.XRevRangeN(ctx, prefix+"seals", "+", "-", 1).Result()
		if err != nil {
			return err
		}
		if len(newest) > 0 {
			note, _ := newest[0].Values["note"].(string)
			seal, err := audit.ParseSeal(note, nil)
			if err != nil {
				return err
			}
			last = "(" + seal.Last
		}
		entries, err := s.redis.XRangeN(ctx, prefix+"audit", last, "+", whole).Result()
		if err != nil {
			return err
		}
		unsealed = len(entries)
	}
	return errors.Join(s.stop(ctx), s.redis.ConfigSet(ctx, "appendfsync", "always").Err())
}

// rooms opens the channels in which something is done. Each command has one of its own: Slack
// takes one message a second in a channel, and the bot keeps to that.
func (s *stand) rooms(n int) {
	for i := range n {
		s.room(room(i))
	}
	s.room(seed.Channel(listing))
}

func (s *stand) room(id string) {
	members := []string{sandbox.Ada, sandbox.Grace}
	for i := range askers {
		s.world.Slack.AddUser(slackfake.User{ID: asker(i), Name: fmt.Sprintf("asker-%d", i)})
		members = append(members, asker(i))
	}
	s.world.Slack.AddChannel(slackfake.Channel{ID: id, Name: "room-" + id, Bot: true, Members: members})
}

func room(i int) string { return fmt.Sprintf("C0ROOM%04d", i) }

// askers is how many people ask in turn.
const askers = 10

func asker(i int) string { return fmt.Sprintf("U0ASKER%03d", i%askers) }

// begin starts the bot that is measured, and waits until it has nothing left to do.
func (s *stand) begin(ctx context.Context, lab *side.Lab) (err error) {
	s.ttl = side.Pick(lab, soon, quickSoon)
	began := time.Now()
	if err := s.start(ctx, s.ttl); err != nil {
		return err
	}
	s.ready = time.Since(began)
	quiet := side.Pick(lab, 2*time.Second, time.Second/2)
	if err := s.bot.Settle(ctx, quiet); err != nil {
		return err
	}
	s.rest = max(time.Since(began)-quiet, s.ready)
	if s.resident, err = s.bot.Resident(); err != nil {
		return err
	}
	if s.memory, err = used(ctx, s.redis); err != nil {
		return err
	}
	return errors.Join(s.redis.ConfigSet(ctx, "slowlog-log-slower-than", "500").Err(), s.redis.Do(ctx, "SLOWLOG", "RESET").Err())
}

func (s *stand) start(ctx context.Context, ttl time.Duration) (err error) {
	env := s.world.BotEnv(func(e *app.Env) { e.ApprovalTTL = ttl.String() })
	if s.bot, err = side.Start(ctx, env, s.exe); err != nil {
		return err
	}
	return s.world.Greeted(ctx, s.bot, 2)
}

// stop ends the bot, and waits until the workspace has noticed.
func (s *stand) stop(ctx context.Context) error {
	if err := s.bot.Stop(); err != nil {
		return err
	}
	s.bot = nil
	return s.world.Gone(ctx)
}

func (s *stand) close() (err error) {
	if s.bot != nil {
		err = s.bot.Stop()
	}
	if s.world != nil {
		err = errors.Join(err, s.world.Close())
	}
	return errors.Join(err, s.redis.Close())
}

func (s *stand) failed(what string, err error) error {
	return fmt.Errorf("%s pending, %s: %w", s.level.name, what, err)
}

var usedMemory = regexp.MustCompile(`used_memory:(\d+)`)

// used is how much memory Redis has given out, in bytes.
func used(ctx context.Context, r *side.Redis) (int64, error) {
	text, err := r.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("memory of Redis: %w", err)
	}
	found := usedMemory.FindStringSubmatch(text)
	if found == nil {
		return 0, errors.New("memory of Redis: it does not say")
	}
	return strconv.ParseInt(found[1], 10, 64)
}
