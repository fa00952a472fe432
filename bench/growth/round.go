package growth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"defenderbot/approvals"
	"defenderbot/bench/seed"
	"defenderbot/bench/side"
	"defenderbot/internal/defenderfake"
	"defenderbot/internal/sandbox"
	"defenderbot/internal/slackfake"
)

// amounts are how much is done in a round. One request is approved for each click; the others
// expire. Microsoft allows a hundred look-ups a minute, and one person half of what others leave
// of them: more would have to wait.
type amounts struct{ commands, clicks, lists int }

var full, quick = amounts{commands: 30, clicks: 15, lists: 20}, amounts{commands: 6, clicks: 3, lists: 2}

// taken is how long everything took in one round.
type taken struct{ commands, clicks, here, everywhere, late side.Sample }

// errLate means that something had expired before it could be approved: the machine has other
// things to do.
var errLate = errors.New("too late to be approved")

// round has people ask, approve and look, and waits for the end of all that was asked for. A
// round in which something came too late does not count and is made again; the report says so.
func (s *stand) round(ctx context.Context, lab *side.Lab, n amounts) error {
	for try := 1; ; try++ {
		t, err := s.once(ctx, n)
		if err == nil {
			s.rounds = append(s.rounds, t)
			return nil
		}
		if late := errors.Is(err, errLate) || errors.Is(err, context.DeadlineExceeded); !late || try == 3 {
			return s.failed("a round", err)
		}
		s.again++
		lab.Say("  %s pending: a round is made again: %s", s.level.name, err)
		if err := s.clear(ctx); err != nil {
			return s.failed("what was left of a round", err)
		}
	}
}

func (s *stand) once(ctx context.Context, n amounts) (t taken, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, step := range []struct {
		name string
		of   *side.Sample
		make func(context.Context, amounts) (side.Sample, error)
	}{
		{"commands", &t.commands, s.ask},
		{"clicks", &t.clicks, s.click},
		{"list of a channel", &t.here, s.list(sandbox.Ada)},
		{"list of everything", &t.everywhere, s.list(sandbox.Grace)},
		{"expiry", &t.late, s.expire},
	} {
		if *step.of, err = step.make(ctx, n); err != nil {
			return t, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return t, nil
}

// clear waits until nothing is left of a round.
func (s *stand) clear(ctx context.Context) error {
	time.Sleep(s.ttl)
	return errors.Join(s.finish(ctx, 0), s.bot.Settle(ctx, time.Second))
}

// ask has people ask in turn, each time in another channel, and waits for the cards.
func (s *stand) ask(ctx context.Context, n amounts) (side.Sample, error) {
	took, err := times(n.commands, func(i int) (slackfake.Outcome, error) {
		s.devices++
		return answered(s.world.Slack.Command(ctx, asker(i), room(i), seed.Action+" "+s.world.Device(s.devices)+" "+seed.Comment))
	})
	s.cards = make([]slackfake.Message, n.commands)
	for i := 0; i < n.commands && err == nil; i++ {
		s.cards[i], err = s.world.WaitCard(ctx, room(i), waiting)
	}
	return took, err
}

// waiting is what the card of a request says that waits for approval.
const waiting = "Waiting for approval"

// click has somebody approve what was asked for last, and has Defender do it at once.
func (s *stand) click(ctx context.Context, n amounts) (side.Sample, error) {
	took, err := times(n.clicks, func(i int) (slackfake.Outcome, error) {
		c := s.cards[n.commands-n.clicks+i]
		out, err := s.world.Slack.Click(ctx, sandbox.Grace, c.Channel, c.TS, "approve")
		if errors.Is(err, slackfake.ErrNoSuchElement) {
			err = errLate
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	return took, s.finish(ctx, n.clicks)
}

// finish waits until Defender is doing at least n things, and has it end all of them.
func (s *stand) finish(ctx context.Context, n int) error {
	var open []defenderfake.Action
	err := s.world.Defender.Wait(ctx, func(all defenderfake.Snapshot) bool {
		open = slices.DeleteFunc(all.Actions, func(a defenderfake.Action) bool { return a.Status == "Succeeded" })
		return len(open) >= n
	})
	for _, a := range open {
		err = errors.Join(err, s.world.Defender.Finish(a.ID, "Succeeded"))
	}
	return err
}

// list has somebody look at what is open.
func (s *stand) list(who string) func(context.Context, amounts) (side.Sample, error) {
	return func(ctx context.Context, n amounts) (side.Sample, error) {
		return times(n.lists, func(int) (slackfake.Outcome, error) {
			return answered(s.world.Slack.Command(ctx, who, seed.Channel(listing), "list"))
		})
	}
}

// expire waits until everything has ended, and says how late the cards of what nobody approved
// said so.
func (s *stand) expire(ctx context.Context, n amounts) (late side.Sample, err error) {
	for i, c := range s.cards {
		end := "Succeeded"
		if i < n.commands-n.clicks {
			end = "Expired"
		}
		deadline, err := s.deadline(ctx, seed.IDOf(c))
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Until(deadline.Add(pause))) // what waits for a change looks at each
		if c, err = s.world.WaitCard(ctx, c.Channel, seed.IDOf(c), end); err != nil {
			return nil, err
		}
		if end == "Expired" {
			late = append(late, max(shown(c, end).Sub(deadline), 0))
		}
	}
	return late, nil
}

// shown is when a message first said something.
func shown(m slackfake.Message, what string) time.Time {
	i := slices.IndexFunc(m.Versions, func(v slackfake.Version) bool { return strings.Contains(v.Text, what) })
	return m.Versions[i].At
}

// deadline is until when a request can be approved.
func (s *stand) deadline(ctx context.Context, id string) (time.Time, error) {
	text, err := s.redis.Get(ctx, s.pattern.Record(id)).Result()
	var r approvals.Request
	if err == nil {
		_, body, _ := strings.Cut(text, " ")
		err = json.Unmarshal([]byte(body), &r)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("the record of %s: %w", id, err)
	}
	return r.Deadline(), nil
}

// pause is between one thing that people do and the next: each finds the bot idle.
const pause = 50 * time.Millisecond

// times does something again and again, and says how long the acknowledgements took.
func times(n int, do func(i int) (slackfake.Outcome, error)) (took side.Sample, err error) {
	for i := range n {
		time.Sleep(pause)
		out, err := do(i)
		if err == nil && (!out.Acked || out.Shown != "") {
			err = fmt.Errorf("no acknowledgement: %s", out.Shown)
		}
		if err != nil {
			return nil, err
		}
		took = append(took, out.Took)
	}
	return took, nil
}

// answered holds an acknowledgement to having an answer with it.
func answered(out slackfake.Outcome, err error) (slackfake.Outcome, error) {
	if err == nil && out.Answer == nil {
		err = errors.New("no answer came with the acknowledgement")
	}
	return out, err
}

// longest asks Redis what kept it busy for longest since the bot is at rest.
func (s *stand) longest(ctx context.Context) error {
	slow, err := s.redis.SlowLogGet(ctx, -1).Result()
	if err != nil {
		return s.failed("slow log", err)
	}
	for _, l := range slow {
		s.slowest = max(s.slowest, l.Duration)
	}
	return nil
}
