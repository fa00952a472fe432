// Package click measures how long it takes from the click that approves a request to the call to
// Defender: the bot beside the least that has to be done.
package click

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defenderbot/bench/side"
)

const about = `From the moment Slack sends the click on *Approve* to the moment Defender has the POST for the package. Redis writes to disk before it answers (appendfsync always). *Three EVALSHA and a POST* is slack-go, three scripts that read and write as much as the bot does in between (it reads the request, records the approval, and takes a slot for the call), the acknowledgement after the second, and one request with a token in hand, over a connection that is already open (bench/peers/click). It checks nothing and does nothing afterwards. *The same, a new connection each* opens a connection for each request, as the bot does: on one that has carried nothing before, the bot knows for certain whether a byte of the call has left.

The bot checks who clicks, who asked and who is in the group of approvers before it records anything, and again before it sends; at the same time its worker draws the card and answers the person. What it knows of people is less than a minute old here, because the requests were made just before; when it is older the bot asks Slack first, and that is not in these figures. The bot's clicks are on cards that it posted, each in a channel of its own. The others get the same click on a copy of such a card, and find in Redis what was put there beforehand.

Each program is started anew in each of the %d rounds, in a workspace and a tenant of its own, on an emptied Redis; programs take turns. Clicks come one after another in series of %d: the next one comes %s after the call has arrived. After each series there is a pause until the cards have been drawn again, because the bot changes a card at most once a second. In a burst, as many clicks come at once. Each p50 is the median of the rounds'; a p99 is that of all rounds together. Slack, Defender and whoever clicks run in one process on the same processors. The network is this machine's own: to the real Defender, a new connection costs two or three more round trips.`

// Run makes the study.
func Run(ctx context.Context, lab *side.Lab) (_ side.Report, err error) {
	r, err := lab.Redis(ctx)
	if err != nil {
		return side.Report{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	s := &study{lab: lab, redis: r, plan: side.Pick(lab, plan{7, 4, 8, 1300 * time.Millisecond}, plan{1, 1, 3, 200 * time.Millisecond})}
	all := results{}
	rounds := side.Pick(lab, 4, 1)
	for n := range rounds {
		for _, c := range contenders() {
			lab.Say("click: round %d, %s", n+1, c.name)
			got, err := s.round(ctx, c)
			if err != nil {
				return side.Report{}, fmt.Errorf("%s: %w", c.name, err)
			}
			all[c.name] = append(all[c.name], got)
		}
	}
	report := side.Report{About: fmt.Sprintf(about, rounds, s.plan.size, between)}
	all.write(&report)
	return report, nil
}

// plan is how the clicks of a round come. There are fewer than Microsoft lets through in a minute: the bot's
// windows are the real ones, and a full one would be measured as waiting.
type plan struct {
	series, bursts, size int
	settled              time.Duration // until the bot has drawn its cards again
}

func (p plan) clicks() int { return (p.series + p.bursts) * p.size }

const (
	between = 60 * time.Millisecond // from the arrival of a call to the next click
	limit   = 20 * time.Second      // for calls to arrive, and for cards
)

// study is what rounds share.
type study struct {
	lab   *side.Lab
	redis *side.Redis
	plan  plan
	card  sample // of the bot's last round
}

// round starts a program and clicks on its cards.
func (s *study) round(ctx context.Context, c contender) (_ round, err error) {
	if err := s.redis.Empty(ctx); err != nil {
		return round{}, err
	}
	w, err := side.Open(s.redis) //nolint:contextcheck // it lives until it is closed
	if err != nil {
		return round{}, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	p, err := c.start(ctx, s.lab, w)
	if err != nil {
		return round{}, err
	}
	got, err := s.watch(ctx, c, w, p)
	if stopped := p.Stop(); err != nil {
		return round{}, p.Failed(errors.Join(err, stopped))
	}
	return got, nil
}

// watch has a program's cards made and clicked on.
func (s *study) watch(ctx context.Context, c contender, w *side.World, p *side.Program) (round, error) {
	if err := w.Greeted(ctx, p, c.sockets); err != nil {
		return round{}, err
	}
	cards, err := c.cards(s, ctx, w)
	if err != nil {
		return round{}, err
	}
	time.Sleep(s.plan.settled)
	m := mouse{w: w}
	for range s.plan.series {
		for range s.plan.size {
			if err := m.click(ctx, cards[:1]); err != nil {
				return round{}, err
			}
			cards = cards[1:]
			time.Sleep(between)
		}
		time.Sleep(s.plan.settled)
	}
	alone := len(m.clicks)
	for range s.plan.bursts {
		if err := m.click(ctx, cards[:s.plan.size]); err != nil {
			return round{}, err
		}
		cards = cards[s.plan.size:]
		time.Sleep(s.plan.settled)
	}
	times, err := timesOf(m.clicks, w.Slack.Acks(), w.Defender.Calls())
	if err != nil {
		return round{}, err
	}
	return round{alone: times[:alone], atOnce: times[alone:]}, nil
}
