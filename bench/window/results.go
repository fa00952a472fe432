package window

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderbot/bench/side"
)

// results are the rounds of each contest, by contender.
type results map[contest]map[string][]speed

// nameSend is the commit of a send, in tables.
const nameSend = "the commit of a send"

func (all results) note(c contest, name string, s speed) {
	if all[c] == nil {
		all[c] = map[string][]speed{}
	}
	all[c][name] = append(all[c][name], s)
}

// round measures each contest once.
func (all results) round(ctx context.Context, lab *side.Lab, r *side.Redis, rdb *redis.Client) error {
	while := side.Pick(lab, 1500*time.Millisecond, 50*time.Millisecond)
	for _, n := range clients() {
		for _, c := range []contest{{n, false}, {n, true}} {
			for _, name := range []string{nameOurs, nameGCRA, nameLog} {
				got, err := c.run(ctx, r, rdb, name, while)
				if err != nil {
					return err
				}
				all.note(c, name, got)
			}
		}
		rate, err := sends(ctx, r, rdb, n, side.Pick(lab, 400, 20))
		if err != nil {
			return err
		}
		all.note(contest{n, false}, nameSend, speed{rate: rate})
	}
	return nil
}

// median is the middle of the rounds of a contender.
func (all results) median(c contest, name string) speed {
	var rates, micros []float64
	for _, s := range all[c][name] {
		rates, micros = append(rates, s.rate), append(micros, s.micros)
	}
	return speed{side.Median(rates), side.Median(micros)}
}

// write fills in the medians, and what was promised of them.
func (all results) write(report *side.Report) {
	contenders := []string{nameOurs, nameGCRA, nameLog}
	all.table(report, false, "slots free", append(contenders, nameSend)...)
	all.table(report, true, "no slot free", contenders...)
	table := side.Table{Title: "Redis's own time for one decision, in µs, without the disk", Columns: append([]string{"one client"}, contenders...)}
	for _, c := range []contest{{1, false}, {1, true}} {
		row := []string{map[bool]string{false: "slots free", true: "no slot free"}[c.full]}
		for _, name := range contenders {
			row = append(row, fmt.Sprintf("%.1f", all.median(c, name).micros))
		}
		table.Rows = append(table.Rows, row)
	}
	report.Tables = append(report.Tables, table)
}

// table is the decisions a second of some contenders in one kind of contest.
func (all results) table(report *side.Report, full bool, when string, names ...string) {
	table := side.Table{Title: "Decisions a second, " + when, Columns: append(append([]string{"clients"}, names...), "this bot, times redis_rate")}
	for _, n := range clients() {
		c, row := contest{n, full}, []string{strconv.Itoa(n)}
		for _, name := range names {
			row = append(row, fmt.Sprintf("%.0f", all.median(c, name).rate))
		}
		times := all.median(c, nameOurs).rate / all.median(c, nameGCRA).rate
		table.Rows = append(table.Rows, append(row, fmt.Sprintf("%.2f", times)))
		report.Targets = append(report.Targets, side.AtLeast(fmt.Sprintf("decisions a second, %s, %d at once, times redis_rate", when, n), times, 0.9))
	}
	report.Tables = append(report.Tables, table)
}
