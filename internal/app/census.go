package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync/atomic"
	"time"

	"defenderbot/approvals/ledger"
	"defenderbot/bot"
)

// censusEvery is how often processes tell each other how many sockets they have.
const censusEvery = 10 * time.Second

// census finds out whether others than this bot have sockets of its Slack app, which
// take away a part of the commands and clicks. Slack says how many there are, in the
// greeting of each (https://docs.slack.dev/apis/events-api/using-socket-mode); how
// many of them are the bot's, its processes know together.
type census struct {
	log    *slog.Logger
	recent [3]int          // the most sockets of this process in the last intervals
	named  int             // by Slack, in a greeting that is not judged yet; 0: none
	ours   int             // the most that all processes had since then
	rounds int             // to wait: other processes speak up once in an interval
	news   ledger.Greeting // judged, and not written down yet
	told   int             // how many sockets of others the log was told of
	ever   bool            // there were some
}

// foreign reports whether others were ever found: an estimate can be wrong for hours,
// and what depends on it must not be.
func (c *census) foreign() bool { return c.ever }

// most is the most sockets that this process had lately, this interval included.
func (c *census) most(peak int) int {
	c.recent = [3]int{peak, c.recent[0], c.recent[1]}
	return max(c.recent[0], c.recent[1], c.recent[2])
}

// judge takes in what Slack named in this interval, or 0, and how many sockets all
// processes have, and says in the log what follows.
func (c *census) judge(ctx context.Context, named, ours int) {
	if named > 0 {
		c.named, c.ours, c.rounds = named, ours, 2
		return
	}
	if c.named == 0 {
		return
	}
	c.ours = max(c.ours, ours)
	if c.rounds--; c.rounds > 0 {
		return
	}
	others := max(c.named-c.ours, 0)
	switch {
	case others > 0 && others != c.told:
		c.log.WarnContext(ctx, "foreign slack sockets open", "others", others, "ours", c.ours, "sockets_of_the_app", c.named,
			"meaning", "another deployment or program uses this Slack app and takes some of its commands and clicks", "mend", "give it an app of its own")
	case others == 0 && c.told > 0:
		c.log.InfoContext(ctx, "foreign slack sockets gone", "ours", c.ours)
	}
	c.news = ledger.Greeting{Named: c.named, Ours: c.ours}
	c.told, c.named, c.ever = others, 0, c.ever || others > 0
}

// count takes the census until ctx ends, and keeps what it found. Trouble with Redis is
// said elsewhere.
func (a *App) count(ctx context.Context, store *ledger.Store, s *bot.Session, foreign *atomic.Bool) error {
	c, process := &census{log: a.options.Log}, rand.Text()
	for {
		if ours, err := store.Sockets(ctx, process, c.most(s.Peak()), c.news); err == nil {
			c.news = ledger.Greeting{}
			c.judge(ctx, s.Named(), ours)
			foreign.Store(c.foreign())
		}
		if err := rest(ctx, cmp.Or(a.options.CensusEvery, censusEvery)); err != nil {
			return err
		}
	}
}
