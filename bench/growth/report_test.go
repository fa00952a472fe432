package growth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"defenderbot/bench/side"
	"defenderbot/internal/slackfake"
)

// sample has a value in ms as often as it says.
func sample(ms ...float64) (s side.Sample) {
	for _, v := range ms {
		s = append(s, time.Duration(v*float64(time.Millisecond)))
	}
	return s
}

// measured is a stand where everything took as long in each of three rounds, but for expiry.
func measured(name string, pending, ended int, ms, late float64) *stand {
	s := &stand{level: level{name, pending, ended}, memory: 1e6 + int64(pending+ended)*2500, resident: 25e6}
	for range 3 {
		all := sample(ms, ms, ms)
		s.rounds = append(s.rounds, taken{all, all, all, all, sample(late)})
	}
	return s
}

func TestPercentiles(t *testing.T) {
	m := measure{of: func(t taken) side.Sample { return t.clicks }}
	s := &stand{rounds: []taken{{clicks: sample(1, 2, 3)}, {clicks: sample(10, 20, 30)}, {clicks: sample(4, 5, 6)}}}
	if got := m.p50(s); got != 5 {
		t.Errorf("p50 is %v, want the median of 2, 20 and 5", got)
	}
	if got := m.p99(s); got != 30 {
		t.Errorf("p99 is %v, want that of all rounds together", got)
	}
}

// TestTargets: what is held against the first level is the slowest up to 100,000 pending; what
// more takes, and what has ended, does not count.
func TestTargets(t *testing.T) {
	stands := []*stand{
		measured("none", 0, 0, 1, 1), measured("1k", 1000, 0, 1.19, 1.19), measured("100k", 100_000, 0, 1.1, 1.1),
		measured("1M", 1_000_000, 0, 9, 9), measured("ended", 1000, 1_000_000, 9, 9),
	}
	for _, target := range targets(stands) {
		want := side.AtMost("", 1.19, flat)
		if strings.HasPrefix(target.What, "list of everything") {
			want = side.AtMost("", 1, flat) // 1k itself is the slowest
		}
		if target.Got != want.Got || !target.Met {
			t.Errorf("%+v, want %s", target, want.Got)
		}
	}
	stands[2] = measured("100k", 100_000, 0, 1.5, 1.5)
	for _, target := range targets(stands) {
		if target.Met {
			t.Errorf("%+v, and 1.5 is too much", target)
		}
	}
}

// TestPlots: every level without ended requests is a point, and what is zero is drawn all the
// same.
func TestPlots(t *testing.T) {
	for _, p := range plots([]*stand{measured("none", 0, 0, 1, 0), measured("1k", 1000, 0, 2, 0), measured("ended", 1000, 5, 3, 0)}) {
		for _, c := range p.Curves {
			if len(c.Points) != 2 || c.Points[0][0] != 1 || c.Points[1][0] != 1000 {
				t.Errorf("%s, %s: %v", p.Name, c.Name, c.Points)
			}
			if slices.ContainsFunc(c.Points, func(at [2]float64) bool { return at[1] <= 0 }) {
				t.Errorf("%s, %s: %v has no logarithm", p.Name, c.Name, c.Points)
			}
		}
	}
}

func TestTables(t *testing.T) {
	stands := []*stand{measured("none", 0, 0, 1, 0), measured("1k", 1000, 0, 2, 0), measured("ended", 1000, 3000, 3, 0)}
	for _, table := range reportOf(stands, full).Tables {
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("%s: %q has other columns than %q", table.Title, row, table.Columns)
			}
		}
	}
	var each []string
	for _, row := range sizes(stands).Rows {
		each = append(each, row[2])
	}
	if want := []string{"", "2500", "2500"}; !slices.Equal(each, want) {
		t.Errorf("bytes of each request: %q, want %q", each, want)
	}
}

// TestCrowd: what is to be there in a while has begun within it, and none is due before its end.
func TestCrowd(t *testing.T) {
	from, to := time.Unix(0, 0), time.Unix(1000, 0)
	for _, n := range []int{0, 1, 3, 100_000} {
		c := crowd(from, to, n)
		if last := c.From.Add(time.Duration(n) * c.Every); c.From != from || last.After(to) || n > 0 && c.Every <= 0 {
			t.Errorf("%d: %+v, the last at %s", n, c, last)
		}
	}
}

func TestShown(t *testing.T) {
	at := time.Unix(100, 0)
	m := slackfake.Message{Versions: []slackfake.Version{
		{At: at, Text: "Waiting"}, {At: at.Add(time.Second), Text: "it has Expired"}, {At: at.Add(time.Minute), Text: "it has Expired for long"},
	}}
	if got := shown(m, "Expired"); !got.Equal(at.Add(time.Second)) {
		t.Errorf("it said so at %s", got)
	}
}

// TestMadeAgain: readers are told which rounds were left out.
func TestMadeAgain(t *testing.T) {
	stands := []*stand{{level: level{name: "none"}}, {level: level{name: "1,000"}}, {level: level{name: "10,000"}}}
	if got, want := madeAgain(stands), "there was none"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	stands[0].again, stands[2].again = 1, 2
	if got, want := madeAgain(stands), "there were 1 with none, 2 with 10,000"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
