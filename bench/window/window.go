package window

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/bench/side"
	"defenderbot/defender"
)

const about = `May a call leave now? First: how fast that is decided, in decisions a second, by clients that never pause. All clients are goroutines of the process that measures, with a connection each to one redis-server that writes to disk before it answers (appendfsync always). Each contender decides on one limit of 100 a minute, because redis_rate knows one limit at a time. This bot decides with the script that books reads of Defender, which does nothing else; redis_rate v10 with Allow; the bare script is the least that makes a sliding window (TIME, ZREMRANGEBYSCORE, ZCARD, ZADD), in one EVALSHA. Where slots are free every decision is a yes and is written to disk; where none is free, nothing is written. Calls that change something at Defender do not get their slot from that script but in the commit that marks the call as being sent, which also changes the record, the queue and the agenda, and writes the audit trail: it is shown for information.

Second: what a server makes of the calls that were let go, over a simulated day. Calls are wanted in bursts of half to twice what a limit allows; each arrives up to 5 s after the decision, at random, and its answer is back up to a second later. The server counts what arrives, in sliding windows or in fixed ones (60 starting points are tried, and the worst is shown), and refuses what is too much; what it refuses takes no place and is not tried again. This bot goes its whole way in its real scripts, on miniredis, whose clock a program can set: a request is made, approved and sent, and the answer moves the slot back. redis_rate and the bare script run on miniredis too; the fixed-window counter is the one that Redis's documentation shows, with windows that begin with the minute and the hour. With redis_rate's own PerMinute and PerHour a whole limit may leave at once and more follows at the mean rate, so that one window can see nearly twice the limit; with a burst of 1, calls leave evenly spaced. Where two limits hold together, a call of redis_rate or of the bare script gets its turn in one after the other.`

// Run makes the study.
func Run(ctx context.Context, lab *side.Lab) (side.Report, error) {
	report := side.Report{About: about}
	if err := speeds(ctx, lab, &report); err != nil {
		return report, err
	}
	return report, admissions(ctx, lab, &report)
}

// clients is how many decide at once.
func clients() []int { return []int{1, 8, 64} }

// speeds fills in how fast they decide.
func speeds(ctx context.Context, lab *side.Lab, report *side.Report) (err error) {
	r, err := lab.Redis(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	rdb := redis.NewClient(&redis.Options{Addr: r.Addr, MaxRetries: -1, ContextTimeoutEnabled: true, DisableIdentity: true, PoolSize: 64})
	defer rdb.Close()
	all := results{}
	for n := range side.Pick(lab, 5, 1) {
		lab.Say("window: round %d", n+1)
		if err := all.round(ctx, lab, r, rdb); err != nil {
			return err
		}
	}
	all.write(report)
	return nil
}

// admissions fills in what servers refuse in a day.
func admissions(ctx context.Context, lab *side.Lab, report *side.Report) error {
	length, bursts := side.Pick(lab, 24*time.Hour, 30*time.Minute), side.Pick(lab, 12, 1)
	table := side.Table{
		Title:   "Calls of a simulated day, and how many of them a server refuses",
		Columns: []string{"limits", "decided by", "wanted", "let go", "waited, mean", "refused: windows slide", "refused: fixed windows"},
	}
	wrong := 0
	for _, limits := range [][]defender.Limit{{{Calls: 50, Per: time.Hour}}, {{Calls: 100, Per: time.Minute}, {Calls: 1500, Per: time.Hour}}} {
		for _, name := range names() {
			lab.Say("window: a day of %s, %s", name, inWords(limits))
			got, err := simulate(ctx, name, limits, length, bursts)
			if err != nil {
				return err
			}
			if name == nameOurs {
				wrong += got.bySliding + got.byFixed
			}
			table.Rows = append(table.Rows, []string{
				inWords(limits), name, strconv.Itoa(got.wanted), strconv.Itoa(got.left), got.waited.Round(time.Second).String(), strconv.Itoa(got.bySliding), strconv.Itoa(got.byFixed),
			})
		}
	}
	report.Tables = append(report.Tables, table)
	report.Targets = append(report.Targets, side.AtMost("calls of this bot that a server refuses in a day", float64(wrong), 0))
	return nil
}

func inWords(limits []defender.Limit) string {
	words := make([]string, len(limits))
	for i, l := range limits {
		words[i] = l.String()
	}
	return strings.Join(words, " and ")
}
