package ack

import (
	"fmt"

	"defenderbot/bench/side"
)

// comparison is what all programs did under the same loads.
type comparison struct {
	names []string
	loads []load
	sums  map[string][]sum // by program, one for each load
}

func newComparison(contenders []side.Contender, loads []load, cells map[string][][]cell) comparison {
	c := comparison{loads: loads, sums: map[string][]sum{}}
	for _, who := range contenders {
		c.names = append(c.names, who.Name)
		for i, l := range loads {
			c.sums[who.Name] = append(c.sums[who.Name], sumUp(l, cells[who.Name][i]))
		}
	}
	return c
}

// times is the table of what people see.
func (c comparison) times(title string) side.Table {
	t := side.Table{Title: title, Columns: []string{""}}
	for _, l := range c.loads {
		t.Columns = append(t.Columns, l.name()+": "+shownAs(l))
	}
	for _, name := range c.names {
		row := []string{name}
		for i, l := range c.loads {
			row = append(row, shown(l, c.sums[name][i]))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func shownAs(l load) string {
	switch {
	case l.few():
		return "p50 / longest"
	case l.crowded():
		return "acks a second / p99"
	}
	return "p50 / p99"
}

func shown(l load, s sum) string {
	var text string
	switch {
	case l.few():
		text = fmt.Sprintf("%s / %s (of %d)", side.MS(s.p50), side.MS(s.most), s.samples)
	case l.crowded():
		text = fmt.Sprintf("%.0f / %s", s.perSecond, side.MS(s.p99))
	default:
		text = side.MS(s.p50) + " / " + side.MS(s.p99)
	}
	if s.lost > 0 {
		text += fmt.Sprintf(", %d not recorded", s.lost)
	}
	return text
}

// costs is the table of where CPU time goes, and of how much of the rest of the work was done
// during the load.
func (c comparison) costs(when string) side.Table {
	t := side.Table{Title: when + ": CPU time per command, ms, of program / Redis / driver and fakes; calls to Slack per command during the load", Columns: []string{""}}
	for _, l := range c.loads {
		if !l.few() {
			t.Columns = append(t.Columns, l.name())
		}
	}
	for _, name := range c.names {
		row := []string{name}
		for i, l := range c.loads {
			if s := c.sums[name][i]; !l.few() {
				row = append(row, fmt.Sprintf("%.2f / %.2f / %.2f; %.1f", s.program, s.redis, s.driver, s.calls))
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// targets says which targets were met; what begins them says of which table they are.
func (c comparison) targets(begin string) []side.Target {
	var all []side.Target
	for i, l := range c.loads {
		bot, eval, bolt := c.sums[side.Bot][i], c.sums[side.Eval][i], c.sums[side.Bolt][i]
		name := begin + l.name() + ": "
		switch {
		case l.crowded():
			all = append(all, side.AtLeast(name+"acknowledgements a second, times eval", bot.perSecond/eval.perSecond, 0.8),
				side.AtLeast(name+"acknowledgements a second, times Bolt", bot.perSecond/bolt.perSecond, 1))
		case l.few():
			all = append(all, side.AtMost(name+"p50, times eval", bot.p50/eval.p50, 1.1), side.AtMost(name+"p50, times Bolt", bot.p50/bolt.p50, 1))
		default:
			all = append(all, side.AtMost(name+"p50, times eval", bot.p50/eval.p50, 1.1), side.AtMost(name+"p99, times eval", bot.p99/eval.p99, 1.25),
				side.AtMost(name+"p50, times Bolt", bot.p50/bolt.p50, 1), side.AtMost(name+"p99, times Bolt", bot.p99/bolt.p99, 0.5))
		}
	}
	return all
}
