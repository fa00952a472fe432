package click

import (
	"fmt"

	"defenderbot/bench/side"
)

// round is the clicks of one round of a program.
type round struct {
	alone  []times // one after another
	atOnce []times // in bursts
}

func alone(r round) []times  { return r.alone }
func atOnce(r round) []times { return r.atOnce }

// results are the rounds of each contender.
type results map[string][]round

// summary is what a table says of some clicks, in milliseconds.
type summary struct{ ack, on, post, worst float64 }

// summarise takes of each time the median of the rounds' medians, and of the whole way the 99th percentile
// of all rounds together: one alone has too few clicks for that.
func summarise(rounds []round, of func(round) []times) summary {
	var ack, on, post []float64
	var all side.Sample
	for _, r := range rounds {
		var acks, ons, posts side.Sample
		for _, t := range of(r) {
			acks, ons, posts = append(acks, t.ack), append(ons, t.post-t.ack), append(posts, t.post)
		}
		middle := func(s side.Sample) float64 { return side.Millis(s.At(50)) }
		ack, on, post, all = append(ack, middle(acks)), append(on, middle(ons)), append(post, middle(posts)), append(all, posts...)
	}
	return summary{side.Median(ack), side.Median(on), side.Median(post), side.Millis(all.At(99))}
}

// write fills in the tables, and what was promised.
func (all results) write(report *side.Report) {
	for _, kind := range []struct {
		title string
		of    func(round) []times
	}{{"Clicks one after another, ms", alone}, {"Clicks in bursts, ms", atOnce}} {
		peer := summarise(all[namePeer], kind.of)
		table := side.Table{Title: kind.title, Columns: []string{
			"", "to the acknowledgement, p50", "from there to the POST, p50", "to the POST, p50", "p99", "p50, times the second row", "p99, times the second row",
		}}
		for _, c := range contenders() {
			s := summarise(all[c.name], kind.of)
			table.Rows = append(table.Rows, []string{
				c.name, side.MS(s.ack), side.MS(s.on), side.MS(s.post), side.MS(s.worst),
				fmt.Sprintf("%.2f", s.post/peer.post), fmt.Sprintf("%.2f", s.worst/peer.worst),
			})
		}
		report.Tables = append(report.Tables, table)
	}
	bot, peer := summarise(all[nameBot], alone), summarise(all[namePeer], alone)
	report.Targets = append(report.Targets, side.AtMost("click to POST one after another, p50, times three EVALSHA and a POST", bot.post/peer.post, 1.2))
}
