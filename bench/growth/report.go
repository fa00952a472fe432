package growth

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"defenderbot/bench/side"
)

const about = `One bot for each level, each with a Redis, a Slack workspace and a Defender tenant of its own; all of them run at once and take turns in %d rounds. Pending requests were made by 1,000 people in 1,000 channels; those that have ended were made within the last 89 days, approved and carried out, and are kept by RETENTION. None of them comes due while something is measured. One request of each kind went through the bot, and the others are copies of what Redis then had of it, with ids, people, devices, channels and times of their own (bench/seed, whose test compares them with requests that went through the bot); then a bot seals their audit trail. The answers of operations, which are gone after 15 minutes, are not there.

In a round, people ask %d times, up to 20 times a second and each time in another channel; half of these requests are approved, and the others expire after six seconds. *Command* and *click* are the time from Slack to the acknowledgement; *list* is ` + "`/defender list`" + ` by a responder in a channel with 20 requests; *list of everything* is that of an approver, who sees 20 of all requests that are pending in all channels: with none pending it has next to nothing to look at, so it is compared with 1,000. *Expiry* is from the deadline to the card that says so. p50 is the median of the rounds' medians; p99 is that of all rounds together, which are few. A round in which a request expired before it could be approved, or which took more than a minute, does not count and is made again: %s.

Memory is what Redis counts as used, and what the bot has resident, once the bot is at rest; bytes for each request include its audit trail and seals. *Ready* is when both sockets are open, the second of which is opened a quarter of a second after the first on purpose; until it is *at rest* the bot goes through all requests, 200 at a time, and looks for entries of the index that older versions left out. *Longest in Redis* is the longest that one command or script kept Redis from everything else during the rounds.`

// measure is one thing that people wait for.
type measure struct {
	name string
	of   func(taken) side.Sample
	from int // which level the others are compared with
}

func measures() []measure {
	return []measure{
		{"command", func(t taken) side.Sample { return t.commands }, 0},
		{"click", func(t taken) side.Sample { return t.clicks }, 0},
		{"list", func(t taken) side.Sample { return t.here }, 0},
		{"list of everything", func(t taken) side.Sample { return t.everywhere }, 1},
		{"expiry", func(t taken) side.Sample { return t.late }, 0},
	}
}

// p50 is the median of the rounds' medians, in ms.
func (m measure) p50(s *stand) float64 {
	var of []float64
	for _, r := range s.rounds {
		of = append(of, side.Millis(m.of(r).At(50)))
	}
	return side.Median(of)
}

// p99 is that of all rounds together, in ms.
func (m measure) p99(s *stand) float64 {
	var all side.Sample
	for _, r := range s.rounds {
		all = append(all, m.of(r)...)
	}
	return side.Millis(all.At(99))
}

func reportOf(stands []*stand, n amounts) side.Report {
	return side.Report{
		About: fmt.Sprintf(about, len(stands[0].rounds), n.commands, madeAgain(stands)), Tables: []side.Table{waits(stands), sizes(stands)}, Plots: plots(stands), Targets: targets(stands),
	}
}

// madeAgain says at which levels rounds did not count, and how many of them.
func madeAgain(stands []*stand) string {
	var levels []string
	for _, s := range stands {
		if s.again > 0 {
			levels = append(levels, fmt.Sprintf("%d with %s", s.again, s.level.name))
		}
	}
	if len(levels) == 0 {
		return "there was none"
	}
	return "there were " + strings.Join(levels, ", ")
}

func waits(stands []*stand) side.Table {
	t := side.Table{Title: "What people wait for, p50 / p99 in ms", Columns: []string{"pending"}}
	for _, m := range measures() {
		t.Columns = append(t.Columns, m.name)
	}
	for _, s := range stands {
		row := []string{s.level.name}
		for _, m := range measures() {
			row = append(row, side.MS(m.p50(s))+" / "+side.MS(m.p99(s)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func sizes(stands []*stand) side.Table {
	t := side.Table{
		Title:   "What it takes",
		Columns: []string{"pending", "Redis, MB", "bytes each", "bot, MB", "ready after, s", "at rest after, s", "longest in Redis, ms"},
	}
	for _, s := range stands {
		each := ""
		if n := s.level.pending + s.level.ended; n > 0 {
			each = strconv.FormatInt((s.memory-stands[0].memory)/int64(n), 10)
		}
		t.Rows = append(t.Rows, []string{
			s.level.name, megabytes(s.memory), each, megabytes(s.resident),
			fmt.Sprintf("%.2f", s.ready.Seconds()), fmt.Sprintf("%.1f", s.rest.Seconds()), side.MS(side.Millis(s.slowest)),
		})
	}
	return t
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f", float64(n)/1e6) }

// growing are the stands with nothing that has ended.
func growing(stands []*stand) []*stand {
	return slices.DeleteFunc(slices.Clone(stands), func(s *stand) bool { return s.level.ended > 0 })
}

func plots(stands []*stand) []side.Plot {
	var half, most []side.Curve
	for _, m := range measures() {
		half = append(half, curve(m.name, growing(stands), m.p50))
		most = append(most, curve(m.name, growing(stands), m.p99))
	}
	memory := []side.Curve{
		curve("Redis", growing(stands), func(s *stand) float64 { return float64(s.memory) / 1e6 }),
		curve("bot", growing(stands), func(s *stand) float64 { return float64(s.resident) / 1e6 }),
	}
	const x = "requests that wait for approval (none is drawn at 1)"
	return []side.Plot{
		{Name: "growth-p50", Title: "What people wait for, p50", X: x, Y: "ms", Curves: half},
		{Name: "growth-p99", Title: "What people wait for, p99", X: x, Y: "ms", Curves: most},
		{Name: "growth-memory", Title: "Memory", X: x, Y: "MB", Curves: memory},
	}
}

// least is the least that is drawn, since zero has no logarithm.
const least = 0.01

func curve(name string, stands []*stand, value func(*stand) float64) side.Curve {
	c := side.Curve{Name: name}
	for _, s := range stands {
		c.Points = append(c.Points, [2]float64{float64(max(s.level.pending, 1)), math.Max(value(s), least)})
	}
	return c
}

// flat is how many times as long everything may take, and until how many pending.
const (
	flat      = 1.2
	flatUntil = hundredThousand
)

func targets(stands []*stand) (all []side.Target) {
	levels := growing(stands)
	for _, m := range measures() {
		from := min(m.from, len(levels)-1)
		first, worst := levels[from], 0.0
		for _, s := range levels[from:] {
			if s.level.pending <= flatUntil {
				worst = math.Max(worst, m.p50(s)/m.p50(first))
			}
		}
		all = append(all, side.AtMost(fmt.Sprintf("%s: the slowest p50 up to 100,000 pending, times that with %s", m.name, first.level.name), worst, flat))
	}
	return all
}
