package ack

import (
	"testing"
	"time"

	"defenderbot/bench/side"
)

const ms = time.Millisecond

// rounds are three: of 1, 2, 3, ... 100 ms, and those times two and three.
func rounds() []cell {
	var all []cell
	for factor := range 3 {
		c := cell{taken: taken{elapsed: time.Duration(factor+1) * time.Second, lost: factor}, used: side.Usage{Program: 200 * ms, Redis: 100 * ms, Driver: 50 * ms}, calls: 25}
		for n := range 100 {
			c.took = append(c.took, time.Duration((n+1)*(factor+1))*ms)
		}
		all = append(all, c)
	}
	return all
}

func TestSumUp(t *testing.T) {
	for _, c := range []struct {
		name string
		load load
		want sum
	}{
		{"medians of the rounds", load{rate: 50, commands: 100}, sum{p50: 100, p99: 198, most: 300, perSecond: 49.5, samples: 300, lost: 3, program: 2, redis: 1, driver: 0.5, calls: 0.25}},
		{"few: all rounds together", load{rate: 1, commands: 10}, sum{p50: 82, p99: 291, most: 300, perSecond: 49.5, samples: 300, lost: 3, program: 20, redis: 10, driver: 5, calls: 2.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sumUp(c.load, rounds()); got != c.want {
				t.Errorf("%+v\nwant %+v", got, c.want)
			}
		})
	}
}

// compared is a comparison of made-up sums.
func compared() comparison {
	few, usual, crowded := load{rate: 1, commands: 8}, load{rate: 50, commands: 250}, load{inFlight: 64, commands: 8000}
	of := func(p50, p99, perSecond float64) []sum {
		s := sum{p50: p50, p99: p99, most: 2 * p99, perSecond: perSecond, samples: 24}
		return []sum{s, s, s}
	}
	return comparison{
		names: []string{side.Bot, side.Eval, side.Bolt}, loads: []load{few, usual, crowded},
		sums: map[string][]sum{side.Bot: of(1.1, 5, 800), side.Eval: of(1, 4, 1000), side.Bolt: of(2, 9, 801)},
	}
}

func TestTargets(t *testing.T) {
	got := compared().targets("beside, ")
	want := []side.Target{
		{What: "beside, 1 a second: p50, times eval", Want: "at most 1.1", Got: "1.1", Met: true},
		{What: "beside, 1 a second: p50, times Bolt", Want: "at most 1", Got: "0.55", Met: true},
		{What: "beside, 50 a second: p50, times eval", Want: "at most 1.1", Got: "1.1", Met: true},
		{What: "beside, 50 a second: p99, times eval", Want: "at most 1.25", Got: "1.25", Met: true},
		{What: "beside, 50 a second: p50, times Bolt", Want: "at most 1", Got: "0.55", Met: true},
		{What: "beside, 50 a second: p99, times Bolt", Want: "at most 0.5", Got: "0.556"},
		{What: "beside, 64 in flight: acknowledgements a second, times eval", Want: "at least 0.8", Got: "0.8", Met: true},
		{What: "beside, 64 in flight: acknowledgements a second, times Bolt", Want: "at least 1", Got: "0.999"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d targets, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v\nwant %+v", got[i], want[i])
		}
	}
}

func TestTimes(t *testing.T) {
	c := compared()
	c.sums[side.Bolt][1].lost = 3
	table := c.times("x")
	wantColumns := []string{"", "1 a second: p50 / longest", "50 a second: p50 / p99", "64 in flight: acks a second / p99"}
	wantRow := []string{side.Bolt, "2.00 / 18.0 (of 24)", "2.00 / 9.00, 3 not recorded", "801 / 9.00"}
	for i := range wantColumns {
		if table.Columns[i] != wantColumns[i] || table.Rows[2][i] != wantRow[i] {
			t.Errorf("column %d is %q with %q, want %q with %q", i, table.Columns[i], table.Rows[2][i], wantColumns[i], wantRow[i])
		}
	}
}
