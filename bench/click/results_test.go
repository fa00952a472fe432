package click

import (
	"testing"
	"time"

	"defenderbot/bench/side"
)

// clicksOf are n clicks, all but the last of which took that many milliseconds.
func clicksOf(n, ack, post, last int) []times {
	list := make([]times, n)
	for i := range list {
		list[i] = times{time.Duration(ack) * time.Millisecond, time.Duration(post) * time.Millisecond}
	}
	list[n-1].post = time.Duration(last) * time.Millisecond
	return list
}

func TestSummarise(t *testing.T) {
	rounds := []round{
		{alone: clicksOf(60, 2, 5, 90), atOnce: clicksOf(8, 7, 9, 9)},
		{alone: clicksOf(60, 3, 7, 50), atOnce: clicksOf(8, 7, 9, 9)},
		{alone: clicksOf(60, 10, 80, 80), atOnce: clicksOf(8, 7, 9, 9)},
	}
	if got, want := summarise(rounds, alone), (summary{ack: 3, on: 4, post: 7, worst: 80}); got != want {
		t.Errorf("one after another: %+v, want %+v", got, want)
	}
	if got, want := summarise(rounds, atOnce), (summary{ack: 7, on: 2, post: 9, worst: 9}); got != want {
		t.Errorf("at once: %+v, want %+v", got, want)
	}
}

func TestWrite(t *testing.T) {
	all := results{
		nameBot:   {{clicksOf(8, 2, 6, 6), clicksOf(8, 2, 40, 40)}},
		namePeer:  {{clicksOf(8, 1, 4, 4), clicksOf(8, 1, 10, 10)}},
		nameFresh: {{clicksOf(8, 1, 5, 5), clicksOf(8, 1, 12, 12)}},
	}
	var report side.Report
	all.write(&report)
	if len(report.Targets) != 1 || report.Targets[0].Met || report.Targets[0].Got != "1.5" {
		t.Errorf("targets: %+v", report.Targets)
	}
	for i, want := range []string{"1.50", "4.00"} {
		rows := report.Tables[i].Rows
		if len(rows) != 3 || len(rows[0]) != len(report.Tables[i].Columns) || rows[0][5] != want || rows[1][5] != "1.00" {
			t.Errorf("table %d: %q", i, rows)
		}
	}
}
