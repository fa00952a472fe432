package window

import (
	"testing"
	"time"

	"defenderbot/defender"
)

func TestRefused(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	two := []defender.Limit{{Calls: 2, Per: time.Minute}}
	both := []defender.Limit{{Calls: 2, Per: time.Minute}, {Calls: 3, Per: time.Hour}}
	for name, tt := range map[string]struct {
		seconds []int
		limits  []defender.Limit
		since   counting
		want    int
	}{
		"nothing":                              {nil, two, sliding, 0},
		"as many as allowed":                   {[]int{0, 59}, two, sliding, 0},
		"one too many":                         {[]int{0, 58, 59}, two, sliding, 1},
		"exactly as old as the window":         {[]int{0, 59, 60}, two, sliding, 0},
		"what is refused takes no place":       {[]int{0, 1, 2, 3, 60, 61}, two, sliding, 2},
		"across a boundary, sliding":           {[]int{50, 51, 60, 61}, two, sliding, 2},
		"across a boundary, fixed":             {[]int{50, 51, 60, 61}, two, fixed(noon), 0},
		"within a window, fixed":               {[]int{0, 30, 59, 60}, two, fixed(noon), 1},
		"windows that begin elsewhere":         {[]int{50, 51, 60, 61}, two, fixed(noon.Add(-30 * time.Second)), 2},
		"windows that begin later than it all": {[]int{50, 51, 60, 61}, two, fixed(noon.Add(time.Hour + 30*time.Second)), 2},
		"the longer limit":                     {[]int{0, 1, 100, 200, 3600}, both, sliding, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var arrivals []time.Time
			for _, s := range tt.seconds {
				arrivals = append(arrivals, noon.Add(time.Duration(s)*time.Second))
			}
			if got := refused(arrivals, tt.limits, tt.since); got != tt.want {
				t.Errorf("%d are refused, want %d", got, tt.want)
			}
		})
	}
}
