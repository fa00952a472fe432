package bot

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/slack-go/slack"
)

// pace is how long everything about sockets takes, and may take. It runs in
// real time, whatever the bot's clock says: the other end's does too.
type pace struct {
	stagger   time.Duration // between the starts of the sockets
	handshake time.Duration // from asking for an address to hello, at most
	ping      time.Duration // between our own pings
	// silence is how long nothing at all may come, not even the answer to a
	// ping, before a socket is taken for dead. Slack itself pings every few
	// seconds.
	silence time.Duration
	write   time.Duration // for one frame, at most
	overlap time.Duration // from an announced end until we end it ourselves
	goodbye time.Duration // for Slack's answer to our close frame, at most
	drain   time.Duration // for what is being answered when Run ends, at most
	settled time.Duration // how long a socket has to last to count as a success
	retry   time.Duration // the first pause after a failure; it doubles
	most    time.Duration // the longest such pause
	crowded time.Duration // more, when Slack says that too many sockets are open
}

func usualPace() pace {
	return pace{
		stagger: 250 * time.Millisecond, handshake: 10 * time.Second,
		ping: 10 * time.Second, silence: 30 * time.Second, write: 5 * time.Second,
		// Slack closes about 10 s after the announcement.
		overlap: time.Minute, goodbye: time.Second, drain: 5 * time.Second,
		settled: time.Minute, retry: time.Second, most: 30 * time.Second, crowded: time.Minute,
	}
}

// start is the pause before the first socket of a slot. Instances that start
// together are refused together, so there is chance in it.
func (p pace) start(slot int) time.Duration {
	return time.Duration(slot)*p.stagger + jitter(p.stagger)
}

// next is the pause before the next socket of a slot, of which the last few did
// not open or did not last: as many as failed says. The error is why the last
// one is no use any more, and nil where Slack announced its end.
func (p pace) next(failed int, err error) time.Duration {
	if err == nil && failed <= 1 {
		return 0 // routine
	}
	retry := min(p.retry<<min(max(failed-1, 0), 10), p.most)
	wait := retry/2 + jitter(retry)
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		wait += limited.RetryAfter
	}
	if errors.Is(err, errCrowded) {
		wait += p.crowded
	}
	return wait
}

// jitter is a random part of d.
func jitter(d time.Duration) time.Duration { return rand.N(d) } //nolint:gosec // spreading starts needs no secret
