// Package growth measures the bot with nothing in Redis, and with ever more: what people wait
// for, how late what is due comes, and how much memory it takes.
package growth

import (
	"context"
	"errors"
	"time"

	"defenderbot/bench/side"
)

const (
	hundredThousand = 100_000
	million         = 1_000_000
)

// level is how much is in Redis.
type level struct {
	name           string
	pending, ended int
}

func levels(lab *side.Lab) []level {
	if lab.Quick {
		return []level{{"none", 0, 0}, {"100, and 100 ended", 100, 100}}
	}
	return []level{
		{"none", 0, 0},
		{"1,000", 1000, 0},
		{"10,000", 10_000, 0},
		{"100,000", hundredThousand, 0},
		{"1,000,000", million, 0},
		{"1,000, and 1,000,000 ended", 1000, million},
	}
}

// Run makes the study. Each level has a Redis, a bot and a workspace of its own; all of them are
// there at once, and take turns. Bots are started last: 11 minutes later each of them looks
// through its index once more, which must not come while something is measured.
func Run(ctx context.Context, lab *side.Lab) (report side.Report, err error) {
	var stands []*stand
	defer func() {
		for _, s := range stands {
			err = errors.Join(err, s.close())
		}
	}()
	began := time.Now()
	say := func(format string, args ...any) {
		lab.Say("%6.1f s  "+format, append([]any{time.Since(began).Seconds()}, args...)...)
	}
	for _, l := range levels(lab) {
		s, err := open(ctx, lab, l)
		if s != nil {
			stands = append(stands, s)
		}
		if err != nil {
			return report, err
		}
		say("%s: Redis is filled", l.name)
	}
	if err := begin(ctx, lab, stands, say); err != nil {
		return report, err
	}
	amounts := side.Pick(lab, full, quick)
	for n := range side.Pick(lab, 3, 1) {
		for _, s := range stands {
			if err := s.round(ctx, lab, amounts); err != nil {
				return report, err
			}
		}
		say("round %d", n+1)
	}
	for _, s := range stands {
		if err := s.longest(ctx); err != nil {
			return report, err
		}
	}
	return reportOf(stands, amounts), nil
}

// begin seals all audit trails, and then starts all bots.
func begin(ctx context.Context, lab *side.Lab, stands []*stand, say func(format string, args ...any)) error {
	for _, s := range stands {
		if err := s.seal(ctx); err != nil {
			return s.failed("seal the audit trail", err)
		}
		say("%s: the audit trail is sealed", s.level.name)
	}
	for _, s := range stands {
		if err := s.begin(ctx, lab); err != nil {
			return s.failed("start", err)
		}
		say("%s: %d MB in Redis, ready after %s, at rest after %s", s.level.name, s.memory/1e6, s.ready.Round(time.Millisecond), s.rest.Round(time.Millisecond))
	}
	return nil
}
