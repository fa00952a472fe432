package window

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"defenderbot/defender"
)

func TestDemand(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	limits := []defender.Limit{{Calls: 10, Per: time.Minute}, {Calls: 100, Per: time.Hour}}
	wanted := demand(rand.New(rand.NewPCG(1, 1)), limits, from, time.Hour, 40)
	if !slices.IsSortedFunc(wanted, time.Time.Compare) {
		t.Error("the calls are not in the order in which they are wanted")
	}
	bursts := map[time.Time]int{}
	for _, at := range wanted {
		bursts[at]++
		if at.Before(from) || !at.Before(from.Add(time.Hour)) || at != at.Truncate(time.Millisecond) {
			t.Fatalf("a call is wanted at %s", at)
		}
	}
	small, large := 0, 0
	for at, n := range bursts {
		switch {
		case n >= 5 && n <= 20:
			small++
		case n >= 50 && n <= 200:
			large++
		default:
			t.Errorf("%d calls are wanted at %s", n, at)
		}
	}
	if small == 0 || large == 0 || small+large < 35 {
		t.Errorf("%d small and %d large bursts of 40", small, large)
	}
}
