package window

import (
	"testing"

	"defenderbot/bench/side"
)

func TestMicrosEach(t *testing.T) {
	got, err := microsEach("# Commandstats\r\ncmdstat_get:calls=2,usec=9,usec_per_call=4.50\r\ncmdstat_evalsha:calls=4,usec=30,usec_per_call=7.50,rejected_calls=0\r\n")
	if err != nil || got != 7.5 {
		t.Errorf("%f and %v, want 7.5", got, err)
	}
	if _, err := microsEach("# Commandstats\r\ncmdstat_get:calls=2,usec=9,usec_per_call=4.50\r\n"); err == nil {
		t.Error("no script was run, and there is no error")
	}
}

// TestWrite has three rounds of made-up speeds become tables and targets.
func TestWrite(t *testing.T) {
	all := results{}
	for _, n := range clients() {
		for _, full := range []bool{false, true} {
			for round, ours := range []float64{100, 95, 20} {
				all.note(contest{n, full}, nameOurs, speed{ours, 30})
				all.note(contest{n, full}, nameGCRA, speed{100 + float64(round)*float64(n), 10})
				all.note(contest{n, full}, nameLog, speed{200, 5})
				all.note(contest{n, full}, nameSend, speed{50, 0})
			}
		}
	}
	var report side.Report
	all.write(&report)
	want := []side.Target{{What: "decisions a second, slots free, 8 at once, times redis_rate", Want: "at least 0.9", Got: "0.88", Met: false}}
	if len(report.Targets) != 6 || report.Targets[1] != want[0] || !report.Targets[0].Met {
		t.Errorf("targets: %+v", report.Targets)
	}
	if len(report.Tables) != 3 {
		t.Fatalf("%d tables, want 3", len(report.Tables))
	}
	for i, row := range [][]string{{"8", "95", "108", "200", "50", "0.88"}, {"8", "95", "108", "200", "0.88"}, {"no slot free", "30.0", "10.0", "5.0"}} {
		if got := report.Tables[i].Rows[1]; len(got) != len(row) || got[len(got)-1] != row[len(row)-1] || got[0] != row[0] || got[1] != row[1] {
			t.Errorf("table %d has %q, want %q", i, got, row)
		}
		if len(report.Tables[i].Columns) != len(report.Tables[i].Rows[1]) {
			t.Errorf("table %d has columns %q", i, report.Tables[i].Columns)
		}
	}
}
