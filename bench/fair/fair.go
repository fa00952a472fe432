// Package fair measures whether one person who sends far too much keeps others waiting.
package fair

import (
	"context"
	"errors"
	"fmt"
	"time"

	"defenderbot/bench/side"
)

const about = `One person sends %g commands a second for %s, however long answers take, each about another device. At the same time twenty others, who take turns, send one every 50 to 100 ms in the same channel. The figures are those of the others: from when a command should have been sent to when Slack has the acknowledgement, over all %d rounds together, each on an emptied Redis. A command of theirs that is answered with "Too much is happening at once" counts as turned away, and not as fast; one that is not answered counts as three seconds, after which Slack gives up. Microsoft's limit of look-ups is in force, as in real life: most of the flood's look-ups wait for it. Slack, Defender and whoever types run in one process on the same processors as the bot and Redis.`

// flood is how many commands a second one person sends.
const flood = 2000

// variant is one setting under which the flood comes.
type variant struct {
	name  string
	rate  float64
	limit string // MAX_OPEN_PER_REQUESTER
}

var variants = []variant{
	{"nobody floods", 0, "20"},
	{"a flood; 20 undecided requests a person, the default", flood, "20"},
	{"a flood; no such limit", flood, "0"},
}

// Run is the study.
func Run(ctx context.Context, lab *side.Lab) (_ side.Report, err error) {
	bot, err := lab.Bot(ctx)
	if err != nil {
		return side.Report{}, err
	}
	r, err := lab.Redis(ctx)
	if err != nil {
		return side.Report{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rounds, lasts := side.Pick(lab, 3, 1), side.Pick(lab, 5*time.Second, 500*time.Millisecond)
	sums := make([]round, len(variants))
	for n := range rounds {
		for i, v := range variants {
			got, err := measure(ctx, r, bot, v, lasts, uint64(n))
			if err != nil {
				return side.Report{}, fmt.Errorf("%s: %w", v.name, err)
			}
			lab.Say("  %s, round %d: others p50 %s, p99 %s ms, %s; flood %s", v.name, n+1,
				side.MS(side.Millis(got.others.waited.At(50))), side.MS(side.Millis(got.others.waited.At(99))), got.others.shares(), got.flood.shares())
			sums[i].add(got)
		}
	}
	return side.Report{
		About: fmt.Sprintf(about, float64(flood), lasts, rounds), Tables: []side.Table{table(sums)}, Targets: targets(sums),
	}, nil
}

// add adds another round.
func (r *round) add(o *round) {
	r.flood.add(&o.flood)
	r.others.add(&o.others)
	r.elapsed += o.elapsed
	r.used = side.Usage{Program: r.used.Program + o.used.Program, Redis: r.used.Redis + o.used.Redis, Driver: r.used.Driver + o.used.Driver}
}

func table(sums []round) side.Table {
	t := side.Table{Title: "What others see", Columns: []string{"", "p50 / p99 / longest, ms", "what they were told", "the flood, answered a second", "what the flood was told", "CPU time per command, ms: bot / Redis / driver"}}
	for i := range sums {
		o, f := &sums[i].others, &sums[i].flood
		row := []string{variants[i].name, fmt.Sprintf("%s / %s / %s", ms(o, 50), ms(o, 99), ms(o, 100)), fmt.Sprintf("%d: %s", o.total(), o.shares())}
		if f.total() == 0 {
			row = append(row, "", "")
		} else {
			answered := float64(f.total()-f.count[none]) / sums[i].elapsed.Seconds()
			row = append(row, fmt.Sprintf("%.0f", answered), fmt.Sprintf("%d: %s", f.total(), f.shares()))
		}
		t.Rows = append(t.Rows, append(row, sums[i].used.Each(o.total()+f.total())))
	}
	return t
}

func ms(a *answers, p float64) string { return side.MS(side.Millis(a.waited.At(p))) }

func targets(sums []round) []side.Target {
	var all []side.Target
	for i := range sums {
		if v := variants[i]; v.rate > 0 {
			all = append(all, side.AtMost(v.name+": p99 of the others, ms", side.Millis(sums[i].others.waited.At(99)), 100),
				side.AtMost(v.name+": others turned away", float64(sums[i].others.count[busy]+sums[i].others.count[none]), 0))
		}
	}
	return all
}
